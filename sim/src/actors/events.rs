//! Events of the cluster's own controllers, counted up when one repeats.

use serde_json::{Value, json};

use crate::api::Call;
use crate::clock::stamp;
use crate::error::ApiError;
use crate::object::{self, text};

/// Records that something happened to an object. An Event that cannot be written is dropped, as
/// in Kubernetes.
pub(super) fn record(call: &mut Call<'_>, about: &Value, reason: &str, message: &str) {
    if let Err(error) = write(call, about, reason, message) {
        tracing::debug!(%error, reason, "an event was dropped");
    }
}

fn write(call: &mut Call<'_>, about: &Value, reason: &str, message: &str) -> Result<(), ApiError> {
    let events = call.resource("", "events")?;
    let ns = match object::namespace(about) {
        "" => "default",
        ns => ns,
    };
    let kind = match reason {
        "FailedCreate" | "FailedDelete" | "Failed" | "BackOff" | "InvalidAnnotation" => "Warning",
        _ => "Normal",
    };
    let digest = fnv(&[object::uid(about), reason, message]);
    let name = format!("{}.{digest:016x}", object::name(about));
    let now = stamp(call.now);
    if let Ok(known) = call.get(&events, ns, &name) {
        let mut event = Value::clone(&known);
        let count = object::int(&event, "/count").saturating_add(1);
        let map = object::as_map(&mut event);
        map.insert("count".into(), count.into());
        map.insert("lastTimestamp".into(), now.into());
        call.update(&events, ns, &name, "", event)?;
        return Ok(());
    }
    let component = call.writer.clone();
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": ns},
        "involvedObject": {
            "apiVersion": text(about, "/apiVersion"),
            "kind": text(about, "/kind"),
            "name": object::name(about),
            "namespace": object::namespace(about),
            "uid": object::uid(about),
            "resourceVersion": object::version(about),
        },
        "reason": reason,
        "message": message,
        "type": kind,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": component},
        "reportingComponent": component,
        "reportingInstance": "",
    });
    call.create(&events, ns, event)?;
    Ok(())
}

/// FNV-1a over texts.
fn fnv(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in texts.iter().flat_map(|t| t.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}
