//! What a number may be: one rule for attributes, builders and the configuration.

use super::duration;
use std::time::Duration;

/// How long anything may take: a zero would end it before it began, and more than a day is a typing error.
pub(crate) const TIME: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(24 * 60 * 60));

/// How long TCP may be silent before it asks: whole seconds, as many as Linux takes.
pub(crate) const TCP_IDLE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(32_767));

/// How many bytes anything may have: none would let nothing through.
pub(crate) const BYTES: (usize, usize) = (1, u32::MAX as usize);

/// How many messages, frames or connections there may be.
pub(crate) const COUNT: (usize, usize) = (1, 16_777_216);

/// How many bytes a head may have: hyper reads it into a buffer, and takes none below this.
pub(crate) const HEAD: (usize, usize) = (8192, u32::MAX as usize);

/// How many headers there may be: far below what a map of them holds, which is 24,576.
pub(crate) const HEADERS: (usize, usize) = (1, 16_384);

/// An option whose number makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    /// Its name in the configuration; what is below a table has the table's name before a dot.
    pub(crate) option: &'static str,
    /// What it is.
    pub(crate) value: String,
    /// What it may be, as in "from 1ms to 1d".
    pub(crate) range: String,
}

/// Collects what is out of range.
#[derive(Debug, Default)]
pub(crate) struct RangeCheck(Vec<OutOfRange>);

impl RangeCheck {
    pub(crate) fn count(&mut self, option: &'static str, value: usize, (min, max): (usize, usize)) {
        if !(min..=max).contains(&value) {
            self.refuse(option, value.to_string(), format!("from {min} to {max}"));
        }
    }

    pub(crate) fn time(&mut self, option: &'static str, value: Duration, (min, max): (Duration, Duration)) {
        if !(min..=max).contains(&value) {
            let range = format!("from {} to {}", duration::format(min), duration::format(max));
            let value = if value == Duration::MAX { "Duration::MAX".to_owned() } else { duration::format(value) };
            self.refuse(option, value, range);
        }
    }

    pub(crate) fn refuse(&mut self, option: &'static str, value: String, range: String) {
        self.0.push(OutOfRange { option, value, range });
    }

    /// Everything that is out of range.
    pub(crate) fn finish(self) -> Vec<OutOfRange> {
        self.0
    }
}

impl OutOfRange {
    /// What is wrong, where the option is named beside it.
    pub(crate) fn reason(&self) -> String {
        format!("`{}` is out of range: write a value {}", self.value, self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_are_in_it_and_what_lies_past_them_is_told_with_both() {
        let mut check = RangeCheck::default();
        for value in [TIME.0, TIME.1] {
            check.time("fits", value, TIME);
        }
        for value in [BYTES.0, BYTES.1] {
            check.count("fits", value, BYTES);
        }
        check.time("too_short", Duration::ZERO, TIME);
        check.time("too_long", TIME.1 + TIME.0, TIME);
        check.count("none", 0, COUNT);
        let told: Vec<_> = check.finish().iter().map(|wrong| format!("{}: {}", wrong.option, wrong.reason())).collect();
        assert_eq!(
            told,
            [
                "too_short: `0s` is out of range: write a value from 1ms to 1d",
                "too_long: `1d1ms` is out of range: write a value from 1ms to 1d",
                "none: `0` is out of range: write a value from 1 to 16777216",
            ]
        );
    }
}
