//! How many look at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::Who;

/// Streams at once; a browser tab needs one.
pub(crate) const STREAMS: usize = 128;
/// Streams of one person at once, where persons are told apart.
const OF_ONE: usize = 16;

/// Counts the streams that are open.
#[derive(Default)]
pub(crate) struct Viewers(Arc<Mutex<BTreeMap<Who, usize>>>);

/// An open stream; dropping it makes room for another.
pub(crate) struct Seat {
    all: Arc<Mutex<BTreeMap<Who, usize>>>,
    who: Who,
}

impl Viewers {
    /// Room for one more, or why there is none.
    pub(crate) fn admit(&self, who: &Who) -> Result<Seat, String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = all.values().sum();
        if total >= STREAMS {
            return Err(format!(
                "{STREAMS} viewers look already; close a tab and try again"
            ));
        }
        let limit = match who {
            Who::Anybody => STREAMS,
            Who::Person(_) => OF_ONE,
        };
        let own = all.entry(who.clone()).or_default();
        if *own >= limit {
            return Err(format!(
                "you have {limit} pages open already; close one and try again"
            ));
        }
        *own = own.saturating_add(1);
        Ok(Seat {
            all: self.0.clone(),
            who: who.clone(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get_mut(&self.who) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                all.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::Person;

    #[test]
    fn one_person_cannot_take_all_seats() {
        let viewers = Viewers::default();
        let person = |name: &str| {
            let name = name.to_owned();
            Who::Person(Arc::new(Person {
                name,
                ..Person::default()
            }))
        };
        let ada: Vec<Seat> = (0..OF_ONE)
            .map(|_| {
                viewers
                    .admit(&person("ada"))
                    .unwrap_or_else(|why| panic!("{why}"))
            })
            .collect();
        assert!(viewers.admit(&person("ada")).is_err());
        assert!(viewers.admit(&person("bob")).is_ok());
        drop(ada);
        assert!(viewers.admit(&person("ada")).is_ok());
    }

    #[test]
    fn there_are_so_many_seats_in_all() {
        let viewers = Viewers::default();
        let all: Vec<_> = (0..STREAMS)
            .filter_map(|_| viewers.admit(&Who::Anybody).ok())
            .collect();
        assert_eq!(all.len(), STREAMS);
        assert!(viewers.admit(&Who::Anybody).is_err());
    }
}
