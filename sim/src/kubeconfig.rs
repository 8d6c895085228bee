//! The kubeconfig file that points kubectl at a served cluster.

/// Text of a kubeconfig for a server without TLS or logins.
///
/// `server` is a URL (`http://127.0.0.1:6443`), `namespace` the one that kubectl uses when not
/// told otherwise. Neither may hold quotes or line ends; they come from us.
pub fn kubeconfig(server: &str, namespace: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: rollouts-local
  cluster:
    server: \"{server}\"
users:
- name: rollouts-local
  user: {{}}
contexts:
- name: rollouts-local
  context:
    cluster: rollouts-local
    user: rollouts-local
    namespace: \"{namespace}\"
current-context: rollouts-local
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_yaml_that_names_server_and_namespace() {
        let text = kubeconfig("http://127.0.0.1:1234", "shop");
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(
            value["clusters"][0]["cluster"]["server"],
            "http://127.0.0.1:1234"
        );
        assert_eq!(value["contexts"][0]["context"]["namespace"], "shop");
        assert_eq!(value["current-context"], value["contexts"][0]["name"]);
    }
}
