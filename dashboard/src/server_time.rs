//! What time it is where the rollout runs.
//!
//! Ages and pauses are told by the API server's clock, read off the `Date` of its responses: a
//! local clock may be wrong, and the time of an embedded cluster may run faster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use crds::Time;
use http::{HeaderMap, Request, header};
use kube::Client;
use kube::client::Body;
use tower::service_fn;

/// The API server's clock as its responses show it; clones are the same clock.
#[derive(Clone, Default)]
pub struct ServerClock {
    seen: Arc<Mutex<Option<Seen>>>,
    /// The clock itself, of a cluster in this process.
    inside: Option<Inside>,
}

type Inside = Arc<dyn Fn() -> Time + Send + Sync>;

/// The first and the last date seen, with the local moments of them.
#[derive(Debug, Clone, Copy)]
struct Seen {
    first: (Instant, i64),
    last: (Instant, i64),
}

/// Below this distance the rounding of dates to seconds hides how fast the server's clock runs.
const LONG_ENOUGH: Duration = Duration::from_secs(2);

impl ServerClock {
    /// The clock of a cluster in this process, which `read` reads.
    pub fn inside(read: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self {
            seen: Arc::default(),
            inside: Some(Arc::new(read)),
        }
    }

    /// A client that sends through `client` and sets this clock by every response.
    #[must_use]
    pub fn watch(&self, client: Client) -> Client {
        let clock = self.clone();
        let namespace = client.default_namespace().to_owned();
        let watched = service_fn(move |request: Request<Body>| {
            let (client, clock) = (client.clone(), clock.clone());
            async move {
                let response = client.send(request).await?;
                clock.record(response.headers(), Instant::now());
                Ok::<_, kube::Error>(response)
            }
        });
        Client::new(watched, namespace)
    }

    /// The server's time now; the local one before any response had a date.
    #[must_use]
    pub fn now(&self) -> Time {
        if let Some(read) = &self.inside {
            return read();
        }
        match *self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(seen) => seen.at(Instant::now()),
            None => local(),
        }
    }

    /// Whether the server's clock runs visibly faster than ours, so that waiting for watch events
    /// alone would show old times.
    #[must_use]
    pub fn runs_ahead(&self) -> bool {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_some_and(|seen| seen.thousandths() > 1000)
    }

    fn record(&self, headers: &HeaderMap, at: Instant) {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let Some(date) = date else { return };
        let now = (at, date.timestamp());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let first = seen.map_or(now, |seen| seen.first);
        *seen = Some(Seen { first, last: now });
    }
}

impl Seen {
    /// Server seconds in a thousand local ones: 1000 unless it runs clearly faster.
    fn thousandths(&self) -> i64 {
        let local = self.last.0.duration_since(self.first.0);
        if local < LONG_ENOUGH {
            return 1000;
        }
        let server = self.last.1.saturating_sub(self.first.1);
        let local = i64::try_from(local.as_millis()).unwrap_or(i64::MAX);
        let rate = server.saturating_mul(1_000_000) / local;
        // Whole seconds in the dates make up to a second of error at each end.
        if rate < 1900 { 1000 } else { rate }
    }

    fn at(&self, now: Instant) -> Time {
        let passed = now.saturating_duration_since(self.last.0).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let server = passed.saturating_mul(self.thousandths()) / 1_000_000;
        Time::from_unix(self.last.1.saturating_add(server))
    }
}

fn local() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Time::from_unix(i64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(date: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::DATE, date.parse().unwrap())])
    }

    #[test]
    fn time_goes_on_from_the_last_date_at_the_speed_of_the_server() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let clock = ServerClock::default();
        clock.record(&dated("Sun, 08 Mar 2026 12:00:00 GMT"), start);
        let at = |moment| {
            let seen = clock.seen.lock().unwrap().unwrap();
            seen.at(moment).to_string()
        };
        assert_eq!(at(after(5)), "2026-03-08T12:00:05Z");
        assert!(!clock.runs_ahead());
        clock.record(&dated("Sun, 08 Mar 2026 12:00:03 GMT"), after(3));
        assert_eq!(at(after(4)), "2026-03-08T12:00:04Z");
        clock.record(&dated("Sun, 08 Mar 2026 12:10:00 GMT"), after(10));
        assert!(clock.runs_ahead());
        assert_eq!(at(after(12)), "2026-03-08T12:12:00Z");
    }
}
