//! The page: one document with its script, its style, and what it shows first, so that it is there
//! after one answer. `ui/build.mjs` makes script and style.
//!
//! | login | what it shows first |
//! |---|---|
//! | none, proxy | the list, or the page of the Rollout in the address |
//! | token | nothing: a browser sends the token with requests of the script only |

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::answer::{Body, whole};
use crate::kind::Kind;
use crate::login::Login;
use crate::shared::Shared;
use crate::watched::Key;

/// How long the document may wait for what only a page reads, such as its pods; what is not there
/// by then comes with the stream.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long a page stays open for the stream of its viewer.
const OPEN: Duration = Duration::from_secs(10);

const HTML: &str = "text/html; charset=utf-8";
const INDEX: &str = include_str!("../ui/dist/index.html");

/// A part of the document that the policy names by its digest.
pub(crate) struct Part(&'static str);

pub(crate) static SCRIPT: Part = Part(include_str!("../ui/dist/app.js"));
pub(crate) static STYLE: Part = Part(include_str!("../ui/dist/app.css"));

impl Part {
    /// Its name in a Content-Security-Policy.
    pub(crate) fn digest(&self) -> String {
        format!("sha256-{}", STANDARD.encode(Sha256::digest(self.0)))
    }
}

/// The document up to what it shows first, and after it.
static AROUND: LazyLock<(String, String)> = LazyLock::new(|| {
    let (head, rest) = INDEX.split_once("<!--style-->").unwrap_or((INDEX, ""));
    let (body, end) = rest.split_once("<!--script-->").unwrap_or((rest, ""));
    let before = format!(
        "{head}<style>{}</style>{body}<script type=\"application/json\" id=\"first\">",
        STYLE.0
    );
    let after = format!(
        "</script><script type=\"module\">{}</script>{end}",
        SCRIPT.0
    );
    (before, after)
});

/// Answers with the document.
pub(crate) async fn document<B>(shared: &Arc<Shared>, request: &Request<B>) -> Response<Body> {
    let shown = match shared.login {
        Login::Token => None,
        Login::None | Login::Proxy { .. } => first(shared, request).await,
    };
    let shown = shown.unwrap_or_default();
    let login = shared.login.word();
    let json = format!(r#"{{"login":"{login}"{shown}}}"#);
    // The browser looks for the end of the element before anything else reads it.
    let json = json.replace('<', "\\u003c");
    let (before, after) = &*AROUND;
    let bytes = Bytes::from([before, json.as_str(), after].concat());
    whole(StatusCode::OK, HTML, bytes)
}

/// What the document shows first, as further fields of an object; `None` while that is not known.
async fn first<B>(shared: &Arc<Shared>, request: &Request<B>) -> Option<String> {
    let credentials = shared.login.credentials(request.headers()).ok()?;
    let who = shared.access.who(&credentials).await.ok()?;
    let namespaces = {
        let state = shared.state();
        state.is_complete().then(|| state.namespaces())?
    };
    let Some(key) = wanted(request.uri().path()) else {
        let sight = shared.sight(&who, &namespaces, None).await.ok()?;
        let state = shared.state();
        let now = shared.now();
        let rows = state.since(None, &sight, now).rows.join(",");
        let id = state.id();
        return Some(format!(
            r#","list":{{"now":"{now}","id":"{id}","rollouts":[{rows}]}}"#
        ));
    };
    let sight = shared.sight(&who, &[].into(), Some(&key)).await.ok()?;
    let is_there = shared.state().touched(&key).is_some();
    if !is_there || !sight.sees(Kind::Rollout, &key.0) {
        return None;
    }
    let open = shared.open(&key);
    // Both are fine: what is missing is said to be on its way.
    let _settled = tokio::time::timeout(PATIENCE, open.settled()).await;
    let page = open.json(shared, &key, &sight);
    tokio::spawn(async move {
        tokio::time::sleep(OPEN).await;
        drop(open);
    });
    Some(format!(r#","page":{page}"#))
}

/// The Rollout in an address of the page.
fn wanted(path: &str) -> Option<Key> {
    let (namespace, name) = path.strip_prefix("/rollouts/")?.split_once('/')?;
    Some((namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_stand_in_the_document_as_their_digests_say() {
        let (before, after) = &*AROUND;
        assert!(before.contains(&format!("<style>{}</style>", STYLE.0)));
        let script = format!("<script type=\"module\">{}</script>", SCRIPT.0);
        assert!(after.contains(&script));
        for part in [SCRIPT.0, STYLE.0] {
            assert!(!part.contains("</script") && !part.contains("</style"));
            assert!(part.len() > 1000);
        }
        assert!(after.trim_end().ends_with("</html>"));
        let digest = SCRIPT.digest();
        assert_eq!(digest.len(), "sha256-".len() + 44, "{digest}");
    }

    #[test]
    fn an_address_names_a_rollout() {
        let key = Some(("shop".to_owned(), "web".to_owned()));
        assert_eq!(wanted("/rollouts/shop/web"), key);
        assert_eq!(wanted("/"), None);
        assert_eq!(wanted("/rollouts/shop"), None);
    }
}
