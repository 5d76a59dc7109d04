//! Reads Rust source as far as rules about it need: without comments, without test code, path by path.

use std::path::{Path, PathBuf};

/// A source file, three ways. All three have the same length and the same lines.
pub struct Source {
    /// Below the project's root, with forward slashes: `src/job/intake.rs`.
    pub path: String,
    /// As it stands there.
    pub text: String,
    /// Comments and `#[cfg(test)]` items blanked; what remains is what runs in production.
    pub production: String,
    /// Contents of strings blanked as well: only words of the language are left.
    pub code: String,
    /// Modules in files of their own that only tests compile: `#[cfg(test)] mod fakes;`.
    test_modules: Vec<String>,
}

impl Source {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let (mut production, mut code) = blanked(&text);
        let mut test_modules = Vec::new();
        for (from, to) in test_items(&code) {
            test_modules.extend(declared_module(&code[from..to]));
            blank(&mut production, from, to);
            blank(&mut code, from, to);
        }
        let [production, code] = [production, code].map(|chars| chars.into_iter().collect());
        Self { path, text, production, code, test_modules }
    }

    /// All Rust files below a folder of the project, sorted; those that only tests compile are left out.
    pub fn below(folder: &str) -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files);
        files.sort();
        let read = |file: &PathBuf| {
            let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            Self::new(path, std::fs::read_to_string(file).unwrap())
        };
        Self::in_production(files.iter().map(read).collect())
    }

    /// Those that are compiled outside of tests, too.
    pub fn in_production(sources: Vec<Self>) -> Vec<Self> {
        let declared = |source: &Self| -> Vec<Vec<String>> {
            let names = source.test_modules.iter();
            names.map(|name| source.module().into_iter().chain([name.clone()]).collect()).collect()
        };
        let only_tests: Vec<Vec<String>> = sources.iter().flat_map(declared).collect();
        sources.into_iter().filter(|s| !only_tests.iter().any(|module| s.module().starts_with(module))).collect()
    }

    /// The module this file is, below the crate: `src/job/mod.rs` and `src/job.rs` are both `["job"]`.
    pub fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let is_root = ["lib", "main", "mod"].contains(&inner);
        if is_root { Vec::new() } else { inner.split('/').map(str::to_owned).collect() }
    }

    /// Every path into the own crate, from its root: `use crate::{model::{Job, Event}, net};` gives `model::Job`,
    /// `model::Event` and `net`, `super::` is followed. In the binary the library is the own crate.
    pub fn crate_paths(&self) -> Vec<(usize, Vec<String>)> {
        Paths::new(self).collect()
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn blank(chars: &mut [char], from: usize, to: usize) {
    for c in &mut chars[from..to] {
        if *c != '\n' {
            *c = ' ';
        }
    }
}

/// The text without comments, and without comments and the contents of strings.
fn blanked(text: &str) -> (Vec<char>, Vec<char>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut no_comments, mut code) = (chars.clone(), chars.clone());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let before = at.checked_sub(1).map(|i| chars[i]);
        let (length, is_comment) = match rest {
            ['/', '/', ..] => (until(rest, |c| c == '\n'), true),
            ['/', '*', ..] => (block_comment(rest), true),
            ['"', ..] => (1 + quoted(&rest[1..], '"'), false),
            ['r', '"' | '#', ..] if !before.is_some_and(is_word) || before == Some('b') => match raw_string(rest) {
                Some(length) => (length, false),
                None => (1, false),
            },
            ['\'', '\\', ..] => (1 + quoted(&rest[1..], '\''), false),
            ['\'', _, '\'', ..] => (3, false),
            _ => {
                at += 1;
                continue;
            }
        };
        let end = (at + length).min(chars.len());
        blank(&mut code, at, end);
        if is_comment {
            blank(&mut no_comments, at, end);
        }
        at = end;
    }
    (no_comments, code)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn until(chars: &[char], stop: impl Fn(char) -> bool) -> usize {
    chars.iter().position(|c| stop(*c)).unwrap_or(chars.len())
}

/// Length of a block comment; they nest.
fn block_comment(chars: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < chars.len() {
        match &chars[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of what stands after an opening quote, the closing one included.
fn quoted(chars: &[char], quote: char) -> usize {
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// Length of a raw string that begins at its `r`.
fn raw_string(chars: &[char]) -> Option<usize> {
    let hashes = until(&chars[1..], |c| c != '#');
    if chars.get(1 + hashes) != Some(&'"') {
        return None; // a raw identifier
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let end = chars[body..].windows(close.len()).position(|window| window == close);
    Some(end.map_or(chars.len(), |end| body + end + close.len()))
}

/// Where `#[cfg(test)]` items begin and end.
fn test_items(code: &[char]) -> Vec<(usize, usize)> {
    const MARK: &str = "#[cfg(test)]";
    let mark: Vec<char> = MARK.chars().collect();
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(found) = code[at..].windows(mark.len()).position(|window| window == mark) {
        let from = at + found;
        let head = from + mark.len() + until(&code[from + mark.len()..], |c| c == '{' || c == ';');
        at = if code.get(head) == Some(&'{') { head + braces(&code[head..]) } else { head };
        at = at.min(code.len());
        items.push((from, at));
    }
    items
}

/// The `name` of `… mod name` without a body.
fn declared_module(item: &[char]) -> Option<String> {
    let text: String = item.iter().collect();
    let name = text.split_whitespace().skip_while(|word| *word != "mod").nth(1)?;
    (!text.contains('{')).then(|| name.to_owned())
}

/// Length from an opening brace to its closing one.
fn braces(code: &[char]) -> usize {
    let mut depth = 0;
    for (at, c) in code.iter().enumerate() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

/// A word or a sign, with its line.
type Token = (usize, String);

fn tokens(code: &str) -> Vec<Token> {
    let mut all = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let length = match chars[at] {
                c if c.is_whitespace() => 0,
                c if is_word(c) => until(&chars[at..], |c| !is_word(c)),
                ':' if chars.get(at + 1) == Some(&':') => 2,
                _ => 1,
            };
            if length > 0 {
                all.push((number + 1, chars[at..at + length].iter().collect()));
            }
            at += length.max(1);
        }
    }
    all
}

/// Walks a file's tokens and gathers its paths into the own crate.
struct Paths {
    root: &'static str,
    tokens: Vec<Token>,
    at: usize,
    /// The module at this point: the file's, then inline modules with the depth of braces they began at.
    module: Vec<String>,
    inline: Vec<usize>,
    depth: usize,
    ready: Vec<(usize, Vec<String>)>,
}

impl Paths {
    fn new(source: &Source) -> Self {
        let root = if source.path == "src/main.rs" { "registrard" } else { "crate" };
        Self {
            root,
            tokens: tokens(&source.code),
            at: 0,
            module: source.module(),
            inline: Vec::new(),
            depth: 0,
            ready: Vec::new(),
        }
    }

    fn word(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |(_, word)| word)
    }

    fn step(&mut self) {
        match self.word(0) {
            "mod" if self.word(2) == "{" => {
                self.module.push(self.word(1).to_owned());
                self.inline.push(self.depth);
            }
            "{" => self.depth += 1,
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.inline.last() == Some(&self.depth) {
                    self.inline.pop();
                    self.module.pop();
                }
            }
            word if word == self.root && self.word(1) == "::" => {
                self.at += 2;
                return self.tree(Vec::new());
            }
            "super" if self.word(1) == "::" => {
                let mut module = self.module.clone();
                while self.word(0) == "super" && self.word(1) == "::" {
                    module.pop();
                    self.at += 2;
                }
                return self.tree(module);
            }
            _ => {}
        }
        self.at += 1;
    }

    /// One branch of a use tree (or a plain path), after its prefix.
    fn tree(&mut self, mut path: Vec<String>) {
        let line = self.tokens.get(self.at).map_or(0, |(line, _)| *line);
        if self.word(0) == "{" {
            self.at += 1;
            while !["}", ""].contains(&self.word(0)) {
                self.tree(path.clone());
                while ![",", "}", ""].contains(&self.word(0)) {
                    self.at += 1; // `as name`
                }
                if self.word(0) == "," {
                    self.at += 1;
                }
            }
            self.at += 1;
            return;
        }
        if self.word(0).chars().all(is_word) && !self.word(0).is_empty() {
            path.push(self.word(0).to_owned());
            self.at += 1;
            if self.word(0) == "::" && (self.word(1) == "{" || self.word(1).chars().all(is_word)) {
                self.at += 1;
                return self.tree(path);
            }
        }
        self.ready.push((line, path));
    }
}

impl Iterator for Paths {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && self.at < self.tokens.len() {
            self.step();
        }
        (!self.ready.is_empty()).then(|| self.ready.remove(0))
    }
}
