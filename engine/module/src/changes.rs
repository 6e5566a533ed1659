//! What a commit has changed, told by leaves and records.

use crate::error::{Code, Result};
use crate::identities::record_bytes;
use crate::wire::{Reader, Writer};
use mls_rs::group::proposal::Proposal;
use mls_rs::identity::SigningIdentity;
use mls_rs::group::{CommitEffect, CommitMessageDescription, Member, NewEpoch, Roster};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Add = 1,
    Remove = 2,
    Update = 3,
    Policy = 4,
    ExternalJoin = 5,
    Resync = 6,
}

/// A member as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub leaf: u32,
    pub record: Vec<u8>,
    pub device_key: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Changes {
    pub kind: Kind,
    pub epoch: u64,
    pub sender: Person,
    pub added: Vec<Person>,
    pub removed: Vec<Person>,
    pub renewed: Vec<Person>,
    pub removed_self: bool,
    pub authenticated_data: Vec<u8>,
    /// Leaves that others held before this commit, as they were then: who a late message of the epoch before is from.
    pub departed: Vec<Person>,
}

impl Person {
    pub fn of(member: &Member) -> Result<Self> {
        Self::at(member.index, &member.signing_identity)
    }

    pub fn at(leaf: u32, identity: &SigningIdentity) -> Result<Self> {
        Ok(Self { leaf, record: record_bytes(identity)?.to_vec(), device_key: identity.signature_key.as_bytes().to_vec() })
    }

    pub fn read(from: &mut Reader) -> Result<Self> {
        Ok(Self { leaf: from.u32()?, record: from.bytes()?.to_vec(), device_key: from.bytes()?.to_vec() })
    }

    pub fn write(&self, to: &mut Writer) {
        to.u32(self.leaf).bytes(&self.record).bytes(&self.device_key);
    }
}

impl Changes {
    /// `after`: the roster that the commit made; of a group that this device was removed from, the old one. `path`: the leaf
    /// that the committer made, if the commit has one and it was read.
    pub fn of(commit: &CommitMessageDescription, after: &Roster, path: Option<&SigningIdentity>) -> Result<Self> {
        let (new_epoch, removed_self) = match &commit.effect {
            CommitEffect::NewEpoch(new_epoch) => (new_epoch, false),
            CommitEffect::Removed { new_epoch, .. } => (new_epoch, true),
            CommitEffect::ReInit(_) => return Err(Code::NotAllowed.into()),
        };
        let before = new_epoch.prior_state.roster();
        let sender = match path {
            Some(leaf) => Person::at(commit.committer, leaf)?,
            None => Person::of(&after.member_with_index(commit.committer)?)?,
        };
        let mut added = added(new_epoch, after)?;
        let removed = removed(new_epoch, &before)?;
        let mut departed = removed.clone();
        let mut renewed = vec![];
        if commit.is_external {
            added.push(sender.clone());
        } else {
            let old = Person::of(&before.member_with_index(commit.committer)?)?;
            if old != sender {
                renewed.push(sender.clone());
                departed.push(old);
            }
        }
        Ok(Self {
            kind: kind_of(commit, new_epoch),
            epoch: new_epoch.epoch,
            sender,
            added,
            removed,
            renewed,
            removed_self,
            authenticated_data: commit.authenticated_data.clone(),
            departed,
        })
    }

    pub fn write(&self, to: &mut Writer) {
        to.u8(self.kind as u8).u64(self.epoch);
        self.sender.write(to);
        for people in [&self.added, &self.removed, &self.renewed] {
            to.list(people, |to, person| person.write(to));
        }
        to.u8(self.removed_self.into()).bytes(&self.authenticated_data);
    }
}

fn kind_of(commit: &CommitMessageDescription, new_epoch: &NewEpoch) -> Kind {
    let has = |wanted: fn(&Proposal) -> bool| new_epoch.applied_proposals.iter().any(|info| wanted(&info.proposal));
    let removes = has(|proposal| matches!(proposal, Proposal::Remove(_)));
    match (commit.is_external, removes) {
        (true, true) => Kind::Resync,
        (true, false) => Kind::ExternalJoin,
        (false, true) => Kind::Remove,
        (false, false) if has(|proposal| matches!(proposal, Proposal::Add(_))) => Kind::Add,
        (false, false) if has(|proposal| matches!(proposal, Proposal::GroupContextExtensions(_))) => Kind::Policy,
        (false, false) => Kind::Update,
    }
}

/// With the leaves they got. Where this device was removed the new tree isn't known; nothing was added then either.
fn added(new_epoch: &NewEpoch, after: &Roster) -> Result<Vec<Person>> {
    let keys: Vec<&[u8]> = new_epoch
        .applied_proposals
        .iter()
        .filter_map(|info| match &info.proposal {
            Proposal::Add(add) => Some(add.signing_identity().signature_key.as_bytes()),
            _ => None,
        })
        .collect();
    if keys.is_empty() {
        return Ok(vec![]);
    }
    after.members_iter().filter(|m| keys.contains(&m.signing_identity.signature_key.as_bytes())).map(|m| Person::of(&m)).collect()
}

fn removed(new_epoch: &NewEpoch, before: &Roster) -> Result<Vec<Person>> {
    new_epoch
        .applied_proposals
        .iter()
        .filter_map(|info| match &info.proposal {
            Proposal::Remove(remove) => Some(remove.to_remove()),
            _ => None,
        })
        .map(|leaf| Person::of(&before.member_with_index(leaf)?))
        .collect()
}
