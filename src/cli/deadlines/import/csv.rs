//! Records of comma-separated values (RFC 4180): fields may stand in quotes, quotes within them are doubled, and a field in
//! quotes may hold line breaks.

/// What the text of a record is.
#[derive(Debug, PartialEq, Eq)]
pub enum Split {
    /// Its fields.
    Fields(Vec<String>),
    /// A field in quotes does not end in this text: the record goes on in the next line.
    Open,
    /// Something stands behind a closing quote, in the field of this number.
    Stray(usize),
}

/// Takes a record apart; it comes without the line break at its end.
#[must_use]
pub fn split(text: &str, separator: char) -> Split {
    let (mut fields, mut chars) = (Vec::new(), text.chars().peekable());
    loop {
        let mut field = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(c) => field.push(c),
                    None => return Split::Open,
                }
            }
            if chars.peek().is_some_and(|c| *c != separator) {
                return Split::Stray(fields.len());
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != separator) {
                field.push(c);
            }
        }
        fields.push(field);
        if chars.next().is_none() {
            return Split::Fields(fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Split {
        split(text, ',')
    }

    #[test]
    fn records_are_taken_apart() {
        let all = |fields: &[&str]| Split::Fields(fields.iter().map(|field| (*field).to_owned()).collect());
        assert_eq!(fields("a,b,,c"), all(&["a", "b", "", "c"]));
        assert_eq!(fields(""), all(&[""]));
        assert_eq!(fields("a,"), all(&["a", ""]));
        assert_eq!(fields(r#""a, b","say ""hi""""#), all(&["a, b", r#"say "hi""#]));
        assert_eq!(fields("\"two\nlines\",x"), all(&["two\nlines", "x"]));
        assert_eq!(split("a;b,c", ';'), all(&["a", "b,c"]));
        assert_eq!(fields("a,\"open"), Split::Open);
        assert_eq!(fields("a,\"closed\"x,b"), Split::Stray(1));
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(fields in prop::collection::vec(".{0,20}", 1..6)) {
            let quoted: Vec<_> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            prop_assert_eq!(split(&quoted.join(","), ','), Split::Fields(fields));
        }

        #[test]
        fn no_text_is_too_strange(text in "[a\",;\n ]{0,60}") {
            if let Split::Fields(fields) = split(&text, ',') {
                prop_assert!(fields.iter().map(String::len).sum::<usize>() <= text.len());
            }
        }
    }
}
