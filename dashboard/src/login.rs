//! Who looks, and how that is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{self, HeaderName};

use crate::refused::Refused;

/// How viewers are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// They are not: everybody on this machine sees what the client of the dashboard may read.
    None,
    /// By the bearer token of each request, which the API server reviews.
    Token,
    /// By headers that a proxy on this machine sets, and takes out of what it is sent.
    Proxy {
        /// The header with the name of the user.
        user: HeaderName,
        /// The header with a group; there may be several, or one with commas.
        groups: HeaderName,
    },
}

/// A person, as the API server knows them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) uid: Option<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

/// What a request says of who sent it.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// Nothing; it was asked from this machine.
    None,
    Token(Token),
    Person(Arc<Person>),
}

/// A bearer token. It has no `Debug`: it must not get into a log.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl Login {
    /// The word for it, in flags and for the page.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Proxy { .. } => "proxy",
        }
    }

    /// What a request says of who sent it, or the refusal of one that says nothing.
    pub(crate) fn credentials(&self, headers: &HeaderMap) -> Result<Credentials, Refused> {
        match self {
            Self::None => Ok(Credentials::None),
            Self::Token => {
                let token = headers
                    .get(header::AUTHORIZATION)
                    .and_then(|value| value.to_str().ok())
                    .and_then(|value| value.split_once(' '))
                    .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
                    .map(|(_, token)| token.trim())
                    .filter(|token| !token.is_empty());
                match token {
                    Some(token) => Ok(Credentials::Token(Token(token.to_owned()))),
                    None => Err(Refused::unknown(
                        "this dashboard wants a token: send Authorization: Bearer TOKEN, for \
                         example one that kubectl create token prints",
                    )),
                }
            }
            Self::Proxy { user, groups } => {
                let mut names = texts(headers, user);
                match (names.next(), names.next()) {
                    (Some(name), None) if !name.is_empty() => {
                        let groups = texts(headers, groups).flat_map(|text| text.split(','));
                        let groups = groups.map(str::trim).filter(|group| !group.is_empty());
                        Ok(Credentials::Person(Arc::new(Person {
                            name: name.to_owned(),
                            groups: groups.map(str::to_owned).collect(),
                            ..Person::default()
                        })))
                    }
                    _ => Err(Refused::unknown(format!(
                        "the proxy in front of this dashboard names nobody in {user}; it has to \
                         name one"
                    ))),
                }
            }
        }
    }
}

fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let all = headers.get_all(name).into_iter();
    all.filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = all.iter();
        pairs
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn a_token_is_taken_from_the_authorization_alone() {
        let token = |all: &[_]| match Login::Token.credentials(&headers(all)) {
            Ok(Credentials::Token(token)) => Some(token.reveal().to_owned()),
            Ok(_) => Some("no token".to_owned()),
            Err(refusal) => {
                assert_eq!(refusal.status, StatusCode::UNAUTHORIZED);
                None
            }
        };
        let abc = Some("abc".to_owned());
        assert_eq!(token(&[("authorization", "Bearer abc")]), abc);
        assert_eq!(token(&[("authorization", "bearer  abc ")]), abc);
        assert_eq!(token(&[("authorization", "Basic abc")]), None);
        assert_eq!(token(&[("authorization", "Bearer ")]), None);
        assert_eq!(
            token(&[("cookie", "token=abc"), ("x-remote-user", "root")]),
            None
        );
        assert_eq!(token(&[]), None);
    }

    #[test]
    fn a_proxy_names_one_user_and_any_groups() {
        let login = Login::Proxy {
            user: HeaderName::from_static("x-remote-user"),
            groups: HeaderName::from_static("x-remote-group"),
        };
        let person = |all: &[_]| match login.credentials(&headers(all)) {
            Ok(Credentials::Person(person)) => Some((person.name.clone(), person.groups.clone())),
            Ok(_) | Err(_) => None,
        };
        let known = person(&[
            ("x-remote-user", "ada"),
            ("x-remote-group", "dev, ops"),
            ("x-remote-group", "all"),
        ]);
        let groups = ["dev", "ops", "all"].map(str::to_owned).to_vec();
        assert_eq!(known, Some(("ada".to_owned(), groups)));
        assert_eq!(person(&[("x-remote-group", "system:masters")]), None);
        assert_eq!(person(&[("x-remote-user", "")]), None);
        // What a viewer sent beside what the proxy set.
        let two = [("x-remote-user", "root"), ("x-remote-user", "ada")];
        assert_eq!(person(&two), None);
    }
}
