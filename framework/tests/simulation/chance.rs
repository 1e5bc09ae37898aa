//! Chance that comes again: a seed's numbers are the same on every machine and in every version.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014). Not a crate's generator, since those may change and a seed must stay.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// A generator of its own, so that one part's draws do not shift another's.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// From `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + usize::try_from(self.next() % (most - least + 1) as u64).expect("it is below `most`")
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.between(0, 99) < share
    }

    pub(crate) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() - 1)].clone()
    }

    /// From none to `most`, on a scale of magnitudes: few are as likely as many.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        let bound = most >> self.between(0, 10);
        self.between(0, bound)
    }

    /// The same of a time.
    pub(crate) fn pause(&mut self, most: Duration) -> Duration {
        Duration::from_millis(self.up_to(most.as_millis() as usize) as u64)
    }

    /// From 0 to 1.
    pub(crate) fn even(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
