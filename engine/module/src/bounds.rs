//! The most bytes of each thing that comes from others; `src/mls/bounds.ts` has the same figures.

use crate::error::{Code, Result};

pub const PLAINTEXT: usize = 65_536;
pub const AUTHENTICATED_DATA: usize = 1_024;
pub const SEALED: usize = 81_920;
pub const HANDSHAKE: usize = 262_144;
pub const WELCOME: usize = 1_048_576;
pub const SAVED: usize = 2_097_152;
pub const KEY_PACKAGE: usize = 4_096;
pub const RECORD: usize = 844;
pub const GROUP_ID: usize = 64;
pub const POLICY: usize = 65_536;
pub const PEOPLE: usize = 128;
pub const PER_COMMIT: usize = 64;
/// Past epochs that are of use.
pub const PAST_EPOCHS: usize = 3;

/// All of them, for the test that holds them to TypeScript's.
pub const ALL: [(&str, usize); 12] = [
    ("plaintext", PLAINTEXT),
    ("authenticatedData", AUTHENTICATED_DATA),
    ("sealed", SEALED),
    ("handshake", HANDSHAKE),
    ("welcome", WELCOME),
    ("saved", SAVED),
    ("keyPackage", KEY_PACKAGE),
    ("record", RECORD),
    ("groupId", GROUP_ID),
    ("policy", POLICY),
    ("people", PEOPLE),
    ("perCommit", PER_COMMIT),
];

/// Refuses more than `most` bytes, before anything looks at them.
pub fn within(bytes: &[u8], most: usize) -> Result<&[u8]> {
    if bytes.len() > most { Err(Code::TooLarge.into()) } else { Ok(bytes) }
}
