//! A room's policy as the bytes of group-context extension 0xF001 (`src/mls/room-policy.ts` says what it means).

use crate::bounds;
use crate::error::{Code, Error, Result};
use crate::record::{Record, RecordKind};
use crate::wire::Reader;
use mls_rs::{Extension, ExtensionList};
use mls_rs_core::extension::ExtensionType;

pub const POLICY_EXTENSION: ExtensionType = ExtensionType::new(0xF001);
const VERSION: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Open = 1,
    Invite = 2,
    Listed = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Members = 1,
    Moderators = 2,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPerson {
    pub kind: RecordKind,
    pub identity: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    pub add: Who,
    pub remove: Who,
    pub moderators: Vec<PolicyPerson>,
    pub listed: Vec<PolicyPerson>,
}

impl Policy {
    /// version, access, add, remove (one byte each), then two lists: a count of two bytes, and for each a kind and a field.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        bounds::within(bytes, bounds::POLICY)?;
        let mut reader = Reader(bytes);
        if reader.u8()? != VERSION {
            return Err(Error::new(Code::Malformed, "another version of policy"));
        }
        let access = match reader.u8()? {
            1 => Access::Open,
            2 => Access::Invite,
            3 => Access::Listed,
            _ => return Err(Code::Malformed.into()),
        };
        let (add, remove) = (who(reader.u8()?)?, who(reader.u8()?)?);
        let (moderators, listed) = (people(&mut reader)?, people(&mut reader)?);
        reader.end()?;
        if (access == Access::Listed) == listed.is_empty() {
            return Err(Error::new(Code::Malformed, "a list of people goes with `listed`, and with nothing else"));
        }
        Ok(Self { access, add, remove, moderators, listed })
    }

    /// The policy of a group, which has no other extension.
    pub fn of(extensions: &ExtensionList) -> Result<Self> {
        match extensions.get(POLICY_EXTENSION) {
            Some(extension) if extensions.len() == 1 => Self::parse(extension.extension_data()),
            _ => Err(Error::new(Code::Malformed, "a group without a policy, or with more than one")),
        }
    }

    pub fn moderates(&self, record: &Record) -> bool {
        names(&self.moderators, record)
    }

    pub fn lists(&self, record: &Record) -> bool {
        names(&self.listed, record)
    }
}

/// Bytes of a policy, checked, as a group's only extension.
pub fn extensions_of(policy: &[u8]) -> Result<ExtensionList> {
    Policy::parse(policy)?;
    let mut extensions = ExtensionList::new();
    extensions.set(Extension::new(POLICY_EXTENSION, policy.to_vec()));
    Ok(extensions)
}

fn names(people: &[PolicyPerson], record: &Record) -> bool {
    people.iter().any(|person| person.kind == record.kind && person.identity == record.identity)
}

fn who(byte: u8) -> Result<Who> {
    match byte {
        1 => Ok(Who::Members),
        2 => Ok(Who::Moderators),
        _ => Err(Code::Malformed.into()),
    }
}

fn people(reader: &mut Reader) -> Result<Vec<PolicyPerson>> {
    let count = reader.u16()? as usize;
    if count > bounds::PEOPLE {
        return Err(Code::TooLarge.into());
    }
    (0..count)
        .map(|_| {
            let kind = RecordKind::of(reader.u8()?).map_err(|_| Code::Malformed)?;
            Ok(PolicyPerson { kind, identity: reader.field(1, 256)?.to_vec() })
        })
        .collect()
}
