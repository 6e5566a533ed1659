//! The device record (docs/device-record.md): what a leaf says about its device, signed by its person's user key.

use crate::bounds;
use crate::error::{Code, Error, Result};
use crate::signatures::Signatures;
use crate::wire::{Reader, Writer};

const VERSION: u8 = 1;
const DOMAIN: &[u8] = b"padserve device record v1\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    Person = 1,
    Machine = 2,
    Address = 3,
    Name = 4,
}

impl RecordKind {
    pub fn of(byte: u8) -> Result<Self> {
        match byte {
            1 => Ok(Self::Person),
            2 => Ok(Self::Machine),
            3 => Ok(Self::Address),
            4 => Ok(Self::Name),
            _ => Err(Code::BadRecord.into()),
        }
    }
}

/// A record's fields, as they stand in its bytes; not verified.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub kind: RecordKind,
    pub server: &'a [u8],
    pub identity: &'a [u8],
    pub label: &'a [u8],
    pub device_id: &'a [u8],
    pub device_label: &'a [u8],
    pub node: &'a [u8],
    pub user_key: &'a [u8],
    /// Seconds since 1970; 0: no end.
    pub not_after: u64,
    pub signature: &'a [u8],
    /// From the version up to and with `not_after`: what is signed.
    signed: &'a [u8],
}

impl<'a> Record<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > bounds::RECORD {
            return Err(Code::BadRecord.into());
        }
        Self::read(bytes).map_err(|_| Error::new(Code::BadRecord, "of another form"))
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        if reader.u8()? != VERSION {
            return Err(Code::BadRecord.into());
        }
        let kind = RecordKind::of(reader.u8()?)?;
        let server = reader.field(1, 64)?;
        let identity = text(reader.field(1, 256)?)?;
        let label = text(reader.field(0, 256)?)?;
        let device_id = reader.field(16, 16)?;
        let device_label = text(reader.field(0, 64)?)?;
        let node = text(reader.field(0, 64)?)?;
        let user_key = reader.field(32, 32)?;
        let not_after = Reader(reader.field(8, 8)?).u64()?;
        let signed = &bytes[..bytes.len() - reader.0.len()];
        let signature = reader.field(64, 64)?;
        reader.end()?;
        Ok(Self { kind, server, identity, label, device_id, device_label, node, user_key, not_after, signature, signed })
    }

    /// Whether the user key has signed this record for that device key.
    pub fn verify(&self, device_key: &[u8]) -> Result<()> {
        self.verify_by(&Signatures::default(), device_key)
    }

    pub fn verify_by(&self, signatures: &Signatures, device_key: &[u8]) -> Result<()> {
        let holds = signatures.verify(self.user_key, self.signature, &signed_bytes(self.signed, device_key));
        if holds { Ok(()) } else { Err(Error::new(Code::BadRecord, "signature")) }
    }

    /// Unique for each device.
    pub fn device(&self, device_key: &[u8]) -> Vec<u8> {
        let mut device = Writer::default();
        device.u8(self.kind as u8).bytes(self.server).bytes(self.identity).bytes(self.device_id).bytes(device_key);
        device.0
    }

    pub fn same_person(&self, other: &Record) -> bool {
        self.kind == other.kind && self.server == other.server && self.identity == other.identity && self.user_key == other.user_key
    }

    pub fn expired(&self, now: u64) -> bool {
        self.not_after != 0 && self.not_after < now
    }
}

/// What a user key signs. Tests make records with it.
pub fn signed_bytes(up_to_not_after: &[u8], device_key: &[u8]) -> Vec<u8> {
    let mut signed = Writer(DOMAIN.to_vec());
    signed.0.extend_from_slice(up_to_not_after);
    signed.u16(device_key.len() as u16);
    signed.0.extend_from_slice(device_key);
    signed.0
}

fn text(bytes: &[u8]) -> Result<&[u8]> {
    std::str::from_utf8(bytes).map(|_| bytes).map_err(|_| Code::BadRecord.into())
}
