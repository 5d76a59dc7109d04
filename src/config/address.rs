//! Addresses with passwords: put in where the connection is made, never kept.

use crate::model::Secret;

/// Whether a URL carries a password.
#[must_use]
pub fn has_password(url: &str) -> bool {
    user_info(url).is_some_and(|(user, _)| user.contains(':'))
}

/// The URL with a password for its user.
///
/// # Errors
/// The URL names no user to whom the password could belong.
pub fn with_password(url: &str, password: &Secret) -> Result<Secret, String> {
    let (user, at) =
        user_info(url).ok_or("the URL names no user to whom the password could belong: write user@host")?;
    let user = user.split(':').next().unwrap_or(user);
    let start = at - user_info(url).map_or(0, |(info, _)| info.len());
    let mut text = format!("{}{user}:", &url[..start]);
    for byte in password.expose().bytes() {
        // Everything but RFC 3986's unreserved characters, so that no password changes the shape of the URL.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.push_str(&url[at..]);
    Ok(Secret::new(text))
}

/// The URL as it may be shown.
#[must_use]
pub fn shown(url: &str) -> String {
    match user_info(url) {
        Some((user, at)) if user.contains(':') => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{}{name}:***{}", &url[..at - user.len()], &url[at..])
        }
        _ => url.to_owned(),
    }
}

/// The user part of a URL and where its `@` stands.
fn user_info(url: &str) -> Option<(&str, usize)> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |i| start + i);
    let at = start + url[start..end].rfind('@')?;
    Some((&url[start..at], at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_put_in_and_cannot_break_the_url() {
        let url = with_password("postgres://registrard@127.0.0.1:5432/registrard", &Secret::new("a@b/c:d é")).unwrap();
        assert_eq!(url.expose(), "postgres://registrard:a%40b%2Fc%3Ad%20%C3%A9@127.0.0.1:5432/registrard");
        assert!(has_password(url.expose()));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("postgres://registrard:a:b@host/db?x=a@b"), "postgres://registrard:***@host/db?x=a@b");
        for plain in ["postgres://registrard@host/db", "sqlite:///var/lib/a:b@c"] {
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn a_url_without_user_is_refused() {
        assert!(with_password("postgres://127.0.0.1/a@b", &Secret::new("x")).is_err());
        assert!(!has_password("amqp://user@127.0.0.1:5672/%2f"));
        assert!(!has_password("sqlite:///var/lib/a:b@c"));
    }
}
