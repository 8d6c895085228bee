//! Some mutants, chosen by the hash of a commit: each commit is tried with others.

/// `count` of `all`, in their order; the same commit gives the same ones.
#[must_use]
pub fn choose<T>(all: Vec<T>, commit: &str, count: usize) -> Vec<T> {
    // FNV-1a over the hash, so that any text will do.
    let mut state = commit
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut drawn: Vec<(u64, usize, T)> = all
        .into_iter()
        .enumerate()
        .map(|(index, it)| (roll(&mut state), index, it))
        .collect();
    drawn.sort_by_key(|(lot, ..)| *lot);
    drawn.truncate(count);
    drawn.sort_by_key(|(_, index, _)| *index);
    drawn.into_iter().map(|(.., it)| it).collect()
}

/// The next number of splitmix64.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_chooses_the_same_ones_again_and_another_commit_others() {
        let chosen = |commit| choose((0..120).collect::<Vec<_>>(), commit, 10);
        assert_eq!(chosen("5918d62"), chosen("5918d62"));
        assert_ne!(chosen("5918d62"), chosen("50eebd6"));
        assert_eq!(chosen("5918d62").len(), 10);
        assert!(chosen("5918d62").is_sorted());
    }

    #[test]
    fn fewer_than_asked_for_are_all_chosen() {
        assert_eq!(choose(vec!["a", "b"], "5918d62", 10), ["a", "b"]);
    }
}
