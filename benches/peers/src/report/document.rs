//! The document whose tables a run writes, between the markers that it finds there.

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file with places for figures: `<!-- name -->` to `<!-- /name -->`.
pub(crate) struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), text })
    }

    /// Replaces what stands in a place.
    ///
    /// # Errors
    /// There is no such place.
    pub(crate) fn fill(&mut self, name: &str, content: &str) -> Result<(), String> {
        let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
        let place = self.text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
        let Some((before, after)) = place else {
            return Err(format!("{} has no place for `{name}`: write `{begin}` and `{end}`", self.path.display()));
        };
        self.text = format!("{before}{begin}\n{content}{end}{after}");
        Ok(())
    }

    /// Writes a picture beside the document, into a folder of the document's name, and returns the link to it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn picture(&self, name: &str, svg: &str) -> Result<String, String> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let folder = self.path.with_file_name(&stem);
        let file = folder.join(format!("{name}.svg"));
        let problem = |error: std::io::Error| format!("{}: {error}", file.display());
        fs::create_dir_all(&folder).map_err(problem)?;
        fs::write(&file, svg).map_err(problem)?;
        Ok(format!("\n![{name}]({stem}/{name}.svg)\n"))
    }

    /// Writes the document back.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self) -> Result<(), String> {
        fs::write(&self.path, &self.text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_filled_again_and_again_and_the_text_around_it_stays() {
        let text = "before\n<!-- a -->\n<!-- /a -->\nafter <!-- b --><!-- /b -->";
        let mut document = Document { path: PathBuf::from("FIGURES.md"), text: text.to_owned() };
        for content in ["| old |\n", "| new |\n"] {
            document.fill("a", content).unwrap();
        }
        assert_eq!(document.text, "before\n<!-- a -->\n| new |\n<!-- /a -->\nafter <!-- b --><!-- /b -->");
        let problem = document.fill("c", "").unwrap_err();
        assert!(problem.contains("<!-- c -->"), "{problem}");
    }
}
