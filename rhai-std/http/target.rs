//! Where a request goes.

use std::fmt::Write as _;
use ureq::http::Uri;

/// A URL that a request can be sent to: `http` or `https`, with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As it is sent.
    pub uri: Uri,
    /// The host in lower case; an IPv6 address in brackets.
    pub host: String,
    /// The port, also where it is not written.
    pub port: u16,
}

impl Target {
    /// Reads a URL. Blanks and letters beyond ASCII in its path and query are encoded; what stands after `#` is for readers only.
    ///
    /// # Errors
    /// What is wrong with it, to be put after "`…` is not a URL: ".
    pub fn parse(url: &str) -> Result<Self, String> {
        let url = url.split('#').next().unwrap_or_default();
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        if !lower.starts_with("http://") && !lower.starts_with("https://") {
            return Err("it must begin with `http://` or `https://`".to_owned());
        }
        let after = url.find("://").map_or(0, |at| at + 3);
        let path = url[after..].find(['/', '?']).map_or(url.len(), |at| after + at);
        if path == after {
            return Err("it names no host".to_owned());
        }
        let mut text = url[..path].to_owned();
        // Rust's `http` wants a path before a query.
        if url[path..].starts_with('?') {
            text.push('/');
        }
        encode(&url[path..], |byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte), &mut text);
        let uri: Uri = text.parse().map_err(|error: ureq::http::uri::InvalidUri| error.to_string())?;
        Self::of(uri)
    }

    fn of(uri: Uri) -> Result<Self, String> {
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let secure = uri.scheme_str() == Some("https");
        let written = uri.authority().and_then(|authority| {
            let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
            after_user.get(host.len()..).filter(|rest| rest.len() > 1)
        });
        let port = match (uri.port_u16(), written) {
            (Some(port), _) => port,
            (None, Some(_)) => return Err("its port is not a number up to 65535".to_owned()),
            (None, None) => {
                if secure {
                    443
                } else {
                    80
                }
            }
        };
        if host.is_empty() || host == "[]" {
            return Err("it names no host".to_owned());
        }
        if port == 0 {
            return Err("port 0 cannot be connected to".to_owned());
        }
        Ok(Self { uri, host, port })
    }

    /// The same with more parameters in its query, names and values encoded.
    ///
    /// # Errors
    /// It becomes too long to be a URL.
    pub fn with_query(self, pairs: &[(String, String)]) -> Result<Self, String> {
        if pairs.is_empty() {
            return Ok(self);
        }
        let mut text = self.uri.to_string();
        for (name, value) in pairs {
            text.push(if self.uri.query().is_none() && !text.contains('?') { '?' } else { '&' });
            encode(name, unreserved, &mut text);
            text.push('=');
            encode(value, unreserved, &mut text);
        }
        Self::parse(&text)
    }

    /// Where a `Location` leads that was answered by this.
    ///
    /// # Errors
    /// It is none.
    pub fn follow(&self, location: &str) -> Result<Self, String> {
        let location = location.trim();
        let scheme_end = location.find(':').filter(|at| !location[..*at].contains(['/', '?', '#']));
        if scheme_end.is_some() {
            return Self::parse(location);
        }
        let scheme = self.uri.scheme_str().unwrap_or("http");
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let base = format!("{scheme}://{}:{}", self.host, self.port);
        let path = self.uri.path();
        if location.starts_with('?') {
            return Self::parse(&format!("{base}{path}{location}"));
        }
        let whole = if location.starts_with('/') {
            location.to_owned()
        } else {
            let directory = &path[..path.rfind('/').map_or(0, |at| at + 1)];
            format!("{directory}{location}")
        };
        let (path, query) = whole.split_at(whole.find(['?', '#']).unwrap_or(whole.len()));
        Self::parse(&format!("{base}{}{query}", without_dots(path)))
    }

    /// Whether both are on one server: secrets of one are safe with the other.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.uri.scheme() == other.uri.scheme() && self.host == other.host && self.port == other.port
    }

    /// The host and port alone.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// The host and port that a request to a URL connects to.
///
/// # Errors
/// What is wrong with the URL.
pub fn net_target(url: &str) -> Result<(String, u16), String> {
    Target::parse(url).map(|target| (target.host, target.port))
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn encode(text: &str, plain: impl Fn(u8) -> bool, into: &mut String) {
    for byte in text.bytes() {
        if plain(byte) {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let last_is_directory = path.ends_with(['/']) || path.ends_with("/.") || path.ends_with("/..");
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let mut out = format!("/{}", parts.join("/"));
    if last_is_directory && !out.ends_with('/') {
        out.push('/');
    }
    out
}

/// A URL for a message: without a user and password, and not endlessly long.
#[must_use]
pub fn shown(url: &str) -> String {
    let mut text = url.to_owned();
    if let Some(start) = text.find("://").map(|at| at + 3) {
        let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
        if let Some(at) = text[start..end].rfind('@') {
            text.replace_range(start..start + at + 1, "");
        }
    }
    if text.chars().count() > 200 {
        text = text.chars().take(199).chain(['…']).collect();
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_host_and_a_port() {
        for (url, host, port) in [
            ("http://a.example", "a.example", 80),
            ("HTTPS://A.Example/x?y#z", "a.example", 443),
            ("https://user:word@a.example:8443/", "a.example", 8443),
            ("http://[::1]:80/", "[::1]", 80),
            ("http://127.0.0.1:8080?a=1", "127.0.0.1", 8080),
            ("http://a.example/ä b", "a.example", 80),
        ] {
            assert_eq!(net_target(url), Ok((host.to_owned(), port)), "{url}");
        }
        assert_eq!(Target::parse("http://a/ä b|?q=\"#f").unwrap().uri.to_string(), "http://a/%C3%A4%20b%7C?q=%22");
        for url in [
            "",
            "a.example",
            "ftp://a",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://a:0",
            "http://a:99999",
            "http://a:b",
            "http://a b/",
            "http://u@:80/",
            "//a",
            "http://\\\\a",
            "http://a\r\nHost: b/",
        ] {
            assert!(net_target(url).is_err(), "{url}: {:?}", net_target(url));
        }
    }

    #[test]
    fn what_looks_like_another_host_is_not_one() {
        // What stands before `@` is a user; what stands after `#` or `/` is none of the host.
        for (url, host) in [
            ("http://good.example@evil.example/", "evil.example"),
            ("http://evil.example/@good.example", "evil.example"),
            ("http://evil.example#@good.example", "evil.example"),
            ("http://evil.example?@good.example", "evil.example"),
        ] {
            assert_eq!(net_target(url).unwrap().0, host, "{url}");
        }
    }

    #[test]
    fn locations_lead_on() {
        let from = Target::parse("http://user:word@a.example:81/x/y?q=1").unwrap();
        for (location, to) in [
            ("z", "http://a.example:81/x/z"),
            ("../../z/./w/", "http://a.example:81/z/w/"),
            ("/z?q=2#f", "http://a.example:81/z?q=2"),
            ("?q=3", "http://a.example:81/x/y?q=3"),
            ("//b.example/z", "http://b.example/z"),
            ("https://b.example", "https://b.example/"),
            ("..", "http://a.example:81/"),
        ] {
            assert_eq!(from.follow(location).unwrap().uri.to_string(), to, "{location}");
        }
        assert!(from.follow("ftp://b.example/").is_err() && from.follow("javascript:alert(1)").is_err());
        assert!(!from.same_origin(&Target::parse("https://a.example:81/").unwrap()));
    }

    #[test]
    fn queries_are_encoded() {
        let pairs = [("a b".to_owned(), "x&y=ü".to_owned()), ("c".to_owned(), String::new())];
        let with = |url: &str| Target::parse(url).unwrap().with_query(&pairs).unwrap().uri.to_string();
        assert_eq!(with("http://a"), "http://a/?a%20b=x%26y%3D%C3%BC&c=");
        assert_eq!(with("http://a/p?z=1"), "http://a/p?z=1&a%20b=x%26y%3D%C3%BC&c=");
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("http://user:w@rd@a/b@c"), "http://a/b@c");
        assert_eq!(shown(&format!("http://a/{}", "x".repeat(500))).chars().count(), 200);
    }
}
