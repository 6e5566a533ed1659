//! What stands in the clear before each MLS message (RFC 9420, 6): read before the library decodes, so that what is for another
//! group or epoch, or of another kind, is told as that.

use crate::error::{Code, Result};
use crate::wire::Reader;
use mls_rs::MlsMessage;
use mls_rs::mls_rs_codec::MlsDecode;

pub const PUBLIC: u16 = 1;
pub const PRIVATE: u16 = 2;
pub const WELCOME: u16 = 3;
pub const GROUP_INFO: u16 = 4;
pub const KEY_PACKAGE: u16 = 5;

pub struct Framed<'a> {
    pub group_id: &'a [u8],
    pub epoch: u64,
    /// A public message's sender, if it is a member.
    pub leaf: Option<u32>,
}

/// Of a public or private message of that kind.
pub fn framed(bytes: &[u8], format: u16) -> Result<Framed<'_>> {
    let mut reader = Reader(bytes);
    of_format(&mut reader, format)?;
    let group_id = vector(&mut reader)?;
    let epoch = reader.u64()?;
    let leaf = if format == PUBLIC && reader.u8()? == 1 { Some(reader.u32()?) } else { None };
    Ok(Framed { group_id, epoch, leaf })
}

/// The whole of one message of that kind, with nothing behind it.
pub fn message(bytes: &[u8], format: u16) -> Result<MlsMessage> {
    of_format(&mut Reader(bytes), format)?;
    let mut rest = bytes;
    let message = MlsMessage::mls_decode(&mut rest)?;
    Reader(rest).end()?;
    Ok(message)
}

fn of_format(reader: &mut Reader, format: u16) -> Result<()> {
    let (version, found) = (reader.u16()?, reader.u16()?);
    if version == 1 && found == format { Ok(()) } else { Err(Code::Malformed.into()) }
}

/// A vector behind a length of variable size (RFC 9420, 2.1.2).
fn vector<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    let first = reader.u8()?;
    let length = match first >> 6 {
        0 => usize::from(first),
        1 => usize::from(first & 0x3f) << 8 | usize::from(reader.u8()?),
        _ => return Err(Code::Malformed.into()),
    };
    reader.take(length)
}
