//! What a killer said when it failed, in a few words.

/// What noticed a mutant: an invariant, a scenario, a test, and the seed where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Id of the invariant that broke, e.g. `S12`.
    pub invariant: Option<String>,
    /// The seed that showed it.
    pub seed: Option<u64>,
    /// The first test or scenario that failed.
    pub test: Option<String>,
}

impl Evidence {
    /// Reads it from the output of a search (`found S1 seed 17: …`) or of a test program
    /// (`test NAME ... FAILED`, with the ids of invariants in its messages).
    #[must_use]
    pub fn of(output: &str) -> Self {
        let found = output.lines().find_map(|line| line.strip_prefix("found "));
        if let Some(found) = found {
            return Self {
                invariant: found.split(' ').next().map(str::to_owned),
                seed: seed(found),
                test: None,
            };
        }
        let failed = output.lines().find_map(|line| {
            let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
            verdict.starts_with("FAILED").then_some(name)
        });
        let Some(failed) = failed else {
            return Self::default();
        };
        let details = output
            .split_once(&format!("---- {failed} "))
            .map_or("", |(_, rest)| rest);
        let details = details.split("\n---- ").next().unwrap_or_default();
        // A panic begins with where it was; what it says comes next.
        let said = details
            .lines()
            .skip(1)
            .filter(|line| !line.contains("panicked at"));
        let said = said.collect::<Vec<_>>().join("\n");
        Self {
            invariant: first_id(&said),
            seed: seed(&said),
            test: Some(failed.to_owned()),
        }
    }

    /// In the words of the report.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words: Vec<String> = self.invariant.clone().into_iter().collect();
        words.extend(self.seed.map(|seed| format!("seed {seed}")));
        words.extend(self.test.clone());
        words.join(", ")
    }
}

/// The first id of an invariant: S or L and one or two digits, as a word of its own.
fn first_id(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| {
            let number = word
                .strip_prefix('S')
                .or_else(|| word.strip_prefix('L'))
                .unwrap_or_default();
            (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        })
        .map(str::to_owned)
}

/// The number after the first word `seed`.
fn seed(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("seed ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_tells_the_invariant_and_the_seed() {
        let evidence = Evidence::of("1,000 seeds/s\nfound S12 seed 417: the pause ended\n");
        assert_eq!(evidence.words(), "S12, seed 417");
    }

    #[test]
    fn a_test_program_tells_what_failed_first_and_what_it_said() {
        let output = "test fine ... ok\ntest search::all_ends_well ... FAILED\n\nfailures:\n\n\
             ---- search::all_ends_well stdout ----\n\nthread 'x' panicked at S9.rs:1:2:\n\
             S13: an abort ended\nseed 3: 4 pods\n\n---- later stdout ----\nS1\n";
        assert_eq!(
            Evidence::of(output).words(),
            "S13, seed 3, search::all_ends_well"
        );
    }

    #[test]
    fn a_scenario_tells_its_name() {
        let output = "test blue_green ... FAILED (12 ms)\n     claim\n\n---- blue_green ----\n\
             line 4: phase is SLOW, not L\n";
        assert_eq!(Evidence::of(output).words(), "blue_green");
    }
}
