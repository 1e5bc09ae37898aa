//! Reads the page that Prometheus reads, and is as strict with it.

use crate::node_wire::Wire;
use crate::support::within;
use bristle::Running;
use std::collections::BTreeMap;
use tokio::io::AsyncReadExt;

/// What a page says.
#[derive(Debug)]
pub struct Page {
    /// The kind of each metric.
    pub kinds: BTreeMap<String, String>,
    /// The value of each series, by its name and labels as they stand on the page.
    values: BTreeMap<String, f64>,
}

impl Page {
    /// Reads the page of a node.
    pub async fn of(running: &Running, path: &str) -> Self {
        let mut wire = Wire::connect(running).await;
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        let mut answer = String::new();
        within(wire.0.read_to_string(&mut answer)).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
        Self::parse(body)
    }

    /// Parses the text format 0.0.4; whatever Prometheus would refuse fails the test.
    pub fn parse(text: &str) -> Self {
        let (mut kinds, mut values) = (BTreeMap::new(), BTreeMap::new());
        assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end");
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let (word, rest) = comment.split_once(' ').unwrap_or_else(|| panic!("`{line}`"));
                let (name, rest) = rest.split_once(' ').unwrap_or_else(|| panic!("`{line}`"));
                assert!(is_name(name), "`{line}`");
                match word {
                    "HELP" => {}
                    "TYPE" => {
                        assert!(["counter", "gauge", "histogram"].contains(&rest), "`{line}`");
                        let twice = kinds.insert(name.to_owned(), rest.to_owned());
                        assert_eq!(twice, None, "`{line}` stands twice");
                    }
                    _ => panic!("`{line}`"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("`{line}`"));
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            assert!(is_name(name), "`{line}`");
            let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("`{line}`"));
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                let (key, quoted) = label.split_once('=').unwrap_or_else(|| panic!("`{line}`"));
                assert!(
                    is_name(key) && quoted.len() > 1 && quoted.starts_with('"') && quoted.ends_with('"'),
                    "`{line}`"
                );
            }
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = family.filter(|family| kinds.get(*family).is_some_and(|kind| kind == "histogram"));
            assert!(kinds.contains_key(family.unwrap_or(name)), "`{line}` has no TYPE before it");
            let twice = values.insert(series.to_owned(), value.parse().unwrap_or_else(|_| panic!("`{line}`")));
            assert_eq!(twice, None, "`{line}` stands twice");
        }
        Self { kinds, values }
    }

    /// The value of the one series of this name that has all these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let fits = |series: &str| {
            let (named, given) = series.split_once('{').unwrap_or((series, "}"));
            let given: Vec<_> = given.trim_end_matches('}').split(',').collect();
            named == name && labels.iter().all(|label| given.contains(&label.as_str()))
        };
        let mut found = self.values.iter().filter(|(series, _)| fits(series));
        let value = found.next().map(|(_, value)| *value);
        assert!(found.next().is_none(), "{name} {labels:?} is not one series");
        value
    }
}

fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    !name.is_empty() && name.bytes().all(good) && !name.as_bytes()[0].is_ascii_digit()
}
