//! Who may ask what: GET and HEAD, under a name that the dashboard has, by its own page or by a
//! program.
//!
//! A web page elsewhere can make a browser send requests here. It cannot make it lie in `Origin`
//! and `Sec-Fetch-Site`; and a name that was made to resolve to this machine (DNS rebinding)
//! stands in `Host`.

use std::net::IpAddr;

use http::{HeaderMap, Method, Request, StatusCode, header};

use crate::refused::Refused;

/// The refusal of a request that nobody should have sent; `None` for a good one. Beside this
/// machine's own names, `hosts` are those that the dashboard is reached by.
pub(crate) fn refused<B>(request: &Request<B>, hosts: &[String]) -> Option<Refused> {
    let headers = request.headers();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let why = "the dashboard is read-only: it answers GET and HEAD";
        return Some(Refused::new(StatusCode::METHOD_NOT_ALLOWED, why));
    }
    let why = match text(headers, "host") {
        Some(host) if is_known(host, hosts) => {
            if is_from_elsewhere(headers, host) {
                "requests of other web pages are refused"
            } else {
                return None;
            }
        }
        Some(_) if hosts.is_empty() => {
            "the Host is not this machine; use 127.0.0.1, [::1] or localhost"
        }
        Some(_) => "the dashboard does not have this Host; whoever runs it names it with --host",
        None => "the request names no Host",
    };
    Some(Refused::new(StatusCode::FORBIDDEN, why))
}

/// Whether a page of another origin asks. To follow a link to the dashboard is not to ask: what
/// is answered cannot be read there.
fn is_from_elsewhere(headers: &HeaderMap, host: &str) -> bool {
    let other_origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok().map(|text| text.split_once("://")))
        .is_some_and(|origin| !origin.is_some_and(|(scheme, name)| is_web(scheme) && name == host));
    let site = text(headers, "sec-fetch-site");
    let other_site = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let followed = text(headers, "sec-fetch-mode") == Some("navigate")
        && text(headers, "sec-fetch-dest") == Some("document");
    other_origin || (other_site && !followed)
}

/// A proxy may speak TLS where the dashboard does not.
fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether `host`, with or without a port, is a name of the dashboard.
fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, headers: &[(&str, &str)]) -> Option<StatusCode> {
        asked(method, headers, &[])
    }

    fn asked(method: &str, headers: &[(&str, &str)], hosts: &[String]) -> Option<StatusCode> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refused(&request.body(()).unwrap(), hosts).map(|refusal| refusal.status)
    }

    #[test]
    fn only_this_machine_and_its_own_page_may_ask() {
        let forbidden = Some(StatusCode::FORBIDDEN);
        for (headers, expected) in [
            (vec![("host", "127.0.0.1:3100")], None),
            (vec![("host", "localhost")], None),
            (vec![("host", "[::1]:3100")], None),
            (vec![("host", "evil.example:3100")], forbidden),
            (vec![("host", "127.0.0.1.evil.example")], forbidden),
            (vec![("host", "localhost.evil.example:80")], forbidden),
            (vec![("host", "10.0.0.8:3100")], forbidden),
            (vec![("host", "")], forbidden),
            (vec![], forbidden),
            (
                vec![("host", "localhost:1"), ("origin", "http://localhost:1")],
                None,
            ),
            (
                vec![("host", "localhost:1"), ("origin", "http://localhost:2")],
                forbidden,
            ),
            (vec![("host", "localhost:1"), ("origin", "null")], forbidden),
            (
                vec![("host", "localhost:1"), ("sec-fetch-site", "same-origin")],
                None,
            ),
            (
                vec![
                    ("host", "localhost:1"),
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-mode", "navigate"),
                    ("sec-fetch-dest", "document"),
                ],
                None,
            ),
            (
                vec![
                    ("host", "localhost:1"),
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-mode", "navigate"),
                    ("sec-fetch-dest", "iframe"),
                ],
                forbidden,
            ),
            (
                vec![
                    ("host", "localhost:1"),
                    ("sec-fetch-site", "same-site"),
                    ("sec-fetch-mode", "no-cors"),
                ],
                forbidden,
            ),
        ] {
            assert_eq!(status("GET", &headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn nothing_can_be_written() {
        for method in [
            "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW",
        ] {
            let asked = status(method, &[("host", "localhost")]);
            assert_eq!(asked, Some(StatusCode::METHOD_NOT_ALLOWED), "{method}");
        }
        assert_eq!(status("HEAD", &[("host", "localhost")]), None);
    }

    #[test]
    fn further_names_are_those_that_were_given() {
        let hosts = ["rollouts.example".to_owned()];
        let forbidden = Some(StatusCode::FORBIDDEN);
        for (headers, expected) in [
            (vec![("host", "rollouts.example")], None),
            (vec![("host", "Rollouts.Example:8443")], None),
            (vec![("host", "localhost:3100")], None),
            (vec![("host", "evil.rollouts.example")], forbidden),
            (vec![("host", "rollouts.example.evil")], forbidden),
            (
                vec![
                    ("host", "rollouts.example"),
                    ("origin", "https://rollouts.example"),
                ],
                None,
            ),
            (
                vec![
                    ("host", "rollouts.example"),
                    ("origin", "https://localhost"),
                ],
                forbidden,
            ),
            (
                vec![
                    ("host", "rollouts.example"),
                    ("origin", "ftp://rollouts.example"),
                ],
                forbidden,
            ),
        ] {
            assert_eq!(asked("GET", &headers, &hosts), expected, "{headers:?}");
        }
    }
}
