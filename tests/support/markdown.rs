//! Reads the project's documents as far as their tests need: blocks, links, headings, tables.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::path::{Path, PathBuf};

/// The project's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A document.
pub struct Document {
    /// Below the root.
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block.
pub struct Block {
    /// What stands behind the opening fence, word by word: `console runnable`.
    pub info: Vec<String>,
    /// `README.md:17`, the line of the opening fence.
    pub place: String,
    pub text: String,
}

impl Block {
    pub fn is(&self, words: &[&str]) -> bool {
        self.info == words
    }
}

impl Document {
    pub fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let text = std::fs::read_to_string(root().join(&path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { path, text }
    }

    /// The README, the changelog and everything in docs.
    pub fn all() -> Vec<Self> {
        let mut paths = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
        let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
        paths.extend(
            docs.map(|name| Path::new("docs").join(name)).filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    /// Its fenced blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = false;
        for (number, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), open) {
                (Some(info), false) => {
                    let place = format!("{}:{}", self.path.display(), number + 1);
                    let info = info.split_whitespace().map(str::to_owned).collect();
                    blocks.push(Block { info, place, text: String::new() });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, true) => {
                    let block = blocks.last_mut().expect("an open block");
                    block.text += line;
                    block.text.push('\n');
                }
                (None, false) => {}
            }
        }
        assert!(!open, "{}: a block is not closed", self.path.display());
        blocks
    }

    /// The text outside of blocks, line by line.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut inside = false;
        self.text.lines().enumerate().filter(move |(_, line)| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
    }

    /// Targets of its links, with the line.
    pub fn links(&self) -> Vec<(usize, String)> {
        let targets = |line: &str| -> Vec<String> {
            line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
        };
        self.prose().flat_map(|(number, line)| targets(line).into_iter().map(move |link| (number + 1, link))).collect()
    }

    /// The anchors of its headings, as the common hosts make them.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose().filter(|(_, line)| line.starts_with('#'));
        headings
            .map(|(_, line)| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.map(|c| if c == ' ' { '-' } else { c }).collect()
            })
            .collect()
    }

    /// The cells of the table between `<!-- NAME -->` and `<!-- /NAME -->`, without its head; code marks are taken off.
    pub fn table(&self, name: &str) -> Vec<Vec<String>> {
        let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
        let inner = self.text.split(&begin).nth(1).and_then(|rest| rest.split(&end).next());
        let inner = inner.unwrap_or_else(|| panic!("{}: no table {name}", self.path.display()));
        let rows = inner.lines().filter(|line| line.starts_with('|')).skip(2);
        let cells = |row: &str| -> Vec<String> {
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
        };
        rows.map(cells).collect()
    }
}
