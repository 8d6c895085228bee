//! The answers are what their schema says.

use serde_json::{Value, json};

use crate::world::World;

/// Where `value` is not what `schema` says; nothing when it is.
fn wrong(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).unwrap();
        return wrong(root, target, value, place);
    }
    let mut found = Vec::new();
    if let Some(choices) = schema["anyOf"].as_array() {
        let tried: Vec<_> = choices
            .iter()
            .map(|choice| wrong(root, choice, value, place))
            .collect();
        if !tried.iter().any(Vec::is_empty) {
            found.push(format!("{place}: no choice fits: {tried:?}"));
        }
    }
    if let Some(names) = schema["enum"].as_array()
        && !names.contains(value)
    {
        found.push(format!("{place}: {value} is none of {names:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.contains(&is) {
        found.push(format!("{place}: {is} instead of {types:?}"));
    }
    if let (Value::Object(fields), Some(known)) = (value, schema["properties"].as_object()) {
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => {
                    found.extend(wrong(root, schema, value, &format!("{place}.{name}")))
                }
                None => found.push(format!("{place}.{name} is not in the schema")),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                found.push(format!("{place}: {name} is missing"));
            }
        }
    }
    if let (Value::Array(all), schema @ Value::Object(_)) = (value, &schema["items"]) {
        for (index, one) in all.iter().enumerate() {
            found.extend(wrong(root, schema, one, &format!("{place}[{index}]")));
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_what_the_schema_says() {
    let world = World::new().await;
    world.service("shop-active", "shop").await;
    world
        .rollout(
            "blue",
            json!({"blueGreen": {"activeService": "shop-active"}}),
        )
        .await;
    let steps = json!([{"setWeight": 34}, {"pause": {}}, {"setWeight": 50},
                       {"pause": {"duration": "60s"}}]);
    world
        .rollout("web", json!({"canary": {"steps": steps}}))
        .await;
    world
        .until("web", "healthy", |page| page["status"] == "Healthy")
        .await;
    world.set_image("web", "shop:v2").await;
    let page = world
        .until("web", "paused", |page| page["status"] == "Paused")
        .await;
    let schema = world.get("/api/v1/schema").await.json();
    let answers = &schema["properties"];
    let mut events = world.stream("?rollout=shop/web", "").await;
    let (_, beat) = events.next("beat").await;
    let (_, rollouts) = events.next("rollouts").await;
    let (_, told) = events.next("page").await;
    let refusal = world.get("/api/v1/anything").await.json();
    let absent = world
        .stream("?rollout=shop/none", "")
        .await
        .next("page")
        .await
        .1;
    let list = world.get("/api/v1/rollouts").await.json();
    assert_eq!(list["rollouts"].as_array().unwrap().len(), 2);
    for (name, answer) in [
        ("list", list),
        ("page", page),
        ("page", world.page("blue").await),
        ("page", told),
        ("page", absent),
        ("rollouts", rollouts),
        ("beat", beat),
        ("refusal", refusal),
    ] {
        let found = wrong(&schema, &answers[name], &answer, name);
        assert_eq!(found, Vec::<String>::new(), "{answer:#}");
    }
    // A checker that lets everything pass would not notice.
    let list = json!({"now": "x", "trouble": [], "rollouts": [{"name": 1}]});
    assert!(!wrong(&schema, &answers["list"], &list, "list").is_empty());
}
