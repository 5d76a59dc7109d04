//! Traces a picture drawn in characters: which word an arrow leads to, and from which word its line comes.

use std::collections::BTreeSet;

/// Sides on which a character's line goes on.
fn sides(c: char) -> &'static [(isize, isize)] {
    const UP: (isize, isize) = (-1, 0);
    const DOWN: (isize, isize) = (1, 0);
    const LEFT: (isize, isize) = (0, -1);
    const RIGHT: (isize, isize) = (0, 1);
    match c {
        '─' => &[LEFT, RIGHT],
        '│' => &[UP, DOWN],
        '┌' => &[DOWN, RIGHT],
        '┐' => &[DOWN, LEFT],
        '└' => &[UP, RIGHT],
        '┘' => &[UP, LEFT],
        '├' => &[UP, DOWN, RIGHT],
        '┤' => &[UP, DOWN, LEFT],
        '┬' => &[DOWN, LEFT, RIGHT],
        '┴' => &[UP, LEFT, RIGHT],
        '┼' => &[UP, DOWN, LEFT, RIGHT],
        '►' => &[LEFT],
        _ => &[],
    }
}

struct Grid(Vec<Vec<char>>);

impl Grid {
    fn at(&self, row: usize, column: usize) -> char {
        self.0.get(row).and_then(|line| line.get(column)).copied().unwrap_or(' ')
    }

    /// Everything the line at this place is connected with.
    fn line(&self, start: (usize, usize)) -> BTreeSet<(usize, usize)> {
        let (mut seen, mut open) = (BTreeSet::from([start]), vec![start]);
        while let Some((row, column)) = open.pop() {
            for (down, right) in sides(self.at(row, column)) {
                let next = (row.wrapping_add_signed(*down), column.wrapping_add_signed(*right));
                if sides(self.at(next.0, next.1)).contains(&(-down, -right)) && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    }

    /// The word that begins here.
    fn word(&self, row: usize, column: usize) -> String {
        (column..).map(|column| self.at(row, column)).take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    }

    /// The word that ends here.
    fn word_before(&self, row: usize, column: usize) -> String {
        let begin = (0..column).rev().take_while(|c| !self.word(row, *c).is_empty()).last();
        begin.map_or_else(String::new, |begin| self.word(row, begin))
    }
}

/// Every arrow of the picture. A line begins one space behind its word and ends with `►` one space before another.
pub fn arrows(picture: &str) -> BTreeSet<(String, String)> {
    let grid = Grid(picture.lines().map(|line| line.chars().collect()).collect());
    let mut arrows = BTreeSet::new();
    for (row, line) in grid.0.iter().enumerate() {
        for column in 2..line.len() {
            let from = grid.word_before(row, column - 1);
            let begins = grid.at(row, column - 1) == ' ' && sides(grid.at(row, column)).contains(&(0, -1));
            if from.is_empty() || !begins {
                continue;
            }
            for (row, column) in grid.line((row, column)) {
                if grid.at(row, column) == '►' {
                    arrows.insert((from.clone(), grid.word(row, column + 2)));
                }
            }
        }
    }
    arrows
}
