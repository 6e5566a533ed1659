//! Who may do what in a commit: the same for every member and for the server's observer. Only what all of them can see decides.

use crate::bounds;
use crate::error::{Code, Error, Result};
use crate::identities::record_of;
use crate::policy::{Access, Policy, Who};
use crate::record::{Record, RecordKind};
use mls_rs::MlsRules;
use mls_rs::client_builder::PaddingMode;
use mls_rs::group::{GroupContext, Member, Roster};
use mls_rs::identity::SigningIdentity;
use mls_rs::mls_rules::{CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle};

#[derive(Clone)]
pub struct Rules;

impl MlsRules for Rules {
    type Error = Error;

    fn filter_proposals(
        &self,
        _: CommitDirection,
        source: CommitSource,
        roster: &Roster,
        context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle> {
        let policy = Policy::of(&context.extensions)?;
        no_others(&proposals)?;
        match &source {
            CommitSource::ExistingMember(member) => by_member(member, roster, &policy, &proposals)?,
            CommitSource::NewMember(leaf) => by_joiner(leaf, roster, &policy, &proposals)?,
        }
        Ok(proposals)
    }

    /// The tree goes with Welcome and GroupInfo, one Welcome goes to all who are added, and anybody may ask to come in: whether
    /// they do is the policy's to say.
    fn commit_options(&self, _: &Roster, _: &GroupContext, _: &ProposalBundle) -> Result<CommitOptions> {
        Ok(CommitOptions::new().with_ratchet_tree_extension(true).with_single_welcome_message(true).with_allow_external_commit(true))
    }

    /// Commits are public, so that the server can check them; messages are padded.
    fn encryption_options(&self, _: &Roster, _: &GroupContext) -> Result<EncryptionOptions> {
        Ok(EncryptionOptions::new(false, PaddingMode::StepFunction))
    }
}

/// Adds, removes and a change of policy, each by value, and no other proposal: what isn't used can't be misused.
fn no_others(proposals: &ProposalBundle) -> Result<()> {
    let (adds, removes) = (proposals.add_proposals(), proposals.remove_proposals());
    let policies = proposals.group_context_ext_proposals();
    let external = proposals.external_init_proposals();
    if proposals.length() != adds.len() + removes.len() + policies.len() + external.len() {
        return refuse("a kind of proposal that isn't used here");
    }
    let by_reference = adds.iter().any(|p| p.is_by_reference())
        || removes.iter().any(|p| p.is_by_reference())
        || policies.iter().any(|p| p.is_by_reference());
    if by_reference {
        return refuse("a proposal by reference");
    }
    if adds.len() > bounds::PER_COMMIT || removes.len() > bounds::PER_COMMIT {
        return Err(Code::TooLarge.into());
    }
    let kinds = [adds.len(), removes.len(), policies.len()].into_iter().filter(|&n| n > 0).count();
    if kinds > 1 { refuse("adds, removes and policy never in one commit") } else { Ok(()) }
}

fn by_member(member: &Member, roster: &Roster, policy: &Policy, proposals: &ProposalBundle) -> Result<()> {
    let committer = record_of(&member.signing_identity)?;
    for add in proposals.add_proposals() {
        may_add(&committer, &record_of(add.proposal.signing_identity())?, roster, policy)?;
    }
    for remove in proposals.remove_proposals() {
        let leaf = roster.member_with_index(remove.proposal.to_remove()).map_err(|_| Code::UnknownLeaf)?;
        may_remove(&committer, &record_of(&leaf.signing_identity)?, policy)?;
    }
    for change in proposals.group_context_ext_proposals() {
        let next = Policy::of(&change.proposal)?;
        if !policy.moderates(&committer) {
            return refuse("only moderators change a policy");
        }
        if (policy.access == Access::Listed) != (next.access == Access::Listed) || policy.listed != next.listed {
            return refuse("a direct conversation stays one, with the same people");
        }
    }
    Ok(())
}

/// A device of somebody who has one there is no new reader: whatever the policy, every member may add it.
fn may_add(committer: &Record, newcomer: &Record, roster: &Roster, policy: &Policy) -> Result<()> {
    if newcomer.server != committer.server {
        return refuse("a device of another server");
    }
    if policy.access == Access::Listed && !policy.lists(newcomer) {
        return refuse("somebody who isn't listed");
    }
    if policy.add == Who::Members || policy.moderates(committer) || is_there(newcomer, roster)? {
        Ok(())
    } else {
        refuse("only moderators add")
    }
}

fn is_there(person: &Record, roster: &Roster) -> Result<bool> {
    for identity in roster.member_identities_iter() {
        if record_of(identity)?.same_person(person) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn may_remove(committer: &Record, leaver: &Record, policy: &Policy) -> Result<()> {
    if committer.same_person(leaver) || policy.remove == Who::Members || policy.moderates(committer) {
        Ok(())
    } else {
        refuse("only moderators remove")
    }
}

/// An external commit: a device's own old leaf, replaced, in any room; or a newcomer, in an open one.
fn by_joiner(leaf: &SigningIdentity, roster: &Roster, policy: &Policy, proposals: &ProposalBundle) -> Result<()> {
    let joiner = record_of(leaf)?;
    if !proposals.add_proposals().is_empty() || !proposals.group_context_ext_proposals().is_empty() {
        return refuse("who joins by itself adds nobody else and changes no policy");
    }
    match proposals.remove_proposals() {
        [] => match policy.access {
            Access::Open if joiner.kind == RecordKind::Machine => refuse("a machine never joins by itself"),
            Access::Open => same_server(&joiner, roster),
            Access::Invite | Access::Listed => refuse("nobody joins this room by itself"),
        },
        [own] => {
            let old = roster.member_with_index(own.proposal.to_remove()).map_err(|_| Code::UnknownLeaf)?;
            let same = record_of(&old.signing_identity)?.device(&old.signing_identity.signature_key) == joiner.device(&leaf.signature_key);
            if same { Ok(()) } else { refuse("only the same device replaces a leaf") }
        }
        _ => refuse("one leaf of one's own at most"),
    }
}

fn same_server(joiner: &Record, roster: &Roster) -> Result<()> {
    match roster.member_identities_iter().next() {
        Some(first) if record_of(first)?.server != joiner.server => refuse("a device of another server"),
        _ => Ok(()),
    }
}

fn refuse<T>(why: &str) -> Result<T> {
    Err(Error::new(Code::NotAllowed, why))
}
