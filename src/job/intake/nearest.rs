//! What somebody may have meant.

/// The candidate with the fewest edits from `name`, if they are few enough for a typing error.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let most = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (edits(name, candidate), *candidate))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance over characters, case folded.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typing_errors_and_nothing_far_fetched() {
        let accounts = ["DENIC-1000022", "DENIC-1000033", "nz"];
        assert_eq!(nearest("DENIC-100022", &accounts), Some("DENIC-1000022"));
        assert_eq!(nearest("denic-1000033", &accounts), Some("DENIC-1000033"));
        assert_eq!(nearest("NZ", &accounts), Some("nz"));
        assert_eq!(nearest("opensrs-reseller", &accounts), None);
        assert_eq!(nearest(&"D".repeat(10_000_000), &accounts), None);
        assert_eq!((edits("kitten", "sitting"), edits("", "abc"), edits("abc", "")), (3, 3, 3));
    }
}
