//! One request as nginx writes it: combined, with the host in front and the request time behind.

use super::traffic::{Host, Request};

/// What one line states.
pub(super) struct Line {
    pub(super) host: Host,
    /// Day of September.
    pub(super) day: u32,
    pub(super) second_of_day: u32,
    pub(super) request: Request,
}

impl Line {
    /// Appends the line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let Request { client, method, path, number, status, bytes, millis, referrer, agent } =
            self.request;
        let clock = self.second_of_day;
        out.extend_from_slice(self.host.name().as_bytes());
        out.push(b' ');
        out.extend_from_slice(
            [&b"192.0.2."[..], b"198.51.100.", b"203.0.113."][(client % 3) as usize],
        );
        digits(out, client / 3 % 254 + 1);
        out.extend_from_slice(b" - - [");
        two_digits(out, self.day);
        out.extend_from_slice(b"/Sep/2026:");
        two_digits(out, clock / 3600);
        out.push(b':');
        two_digits(out, clock / 60 % 60);
        out.push(b':');
        two_digits(out, clock % 60);
        out.extend_from_slice(b" +0000] \"");
        out.extend_from_slice(method.as_bytes());
        out.extend_from_slice(path.as_bytes());
        if let Some(number) = number {
            digits(out, number);
        }
        out.extend_from_slice(if method.is_empty() { b"\" " } else { b" HTTP/1.1\" " });
        digits(out, u64::from(status));
        out.push(b' ');
        digits(out, bytes);
        out.extend_from_slice(b" \"");
        out.extend_from_slice(referrer.as_bytes());
        out.extend_from_slice(b"\" \"");
        out.extend_from_slice(agent.as_bytes());
        out.extend_from_slice(b"\" ");
        digits(out, millis / 1000);
        out.push(b'.');
        out.push(digit(millis / 100 % 10));
        out.push(digit(millis / 10 % 10));
        out.push(digit(millis % 10));
        out.push(b'\n');
    }
}

fn digit(value: u64) -> u8 {
    b'0' + value as u8
}

fn two_digits(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&[digit(u64::from(value / 10)), digit(u64::from(value % 10))]);
}

fn digits(out: &mut Vec<u8>, mut value: u64) {
    let mut text = [0; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = digit(value % 10);
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}
