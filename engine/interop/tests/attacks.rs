//! What a member, a joiner or a server of bad will could send, made by a client without our rules: our members and the server's
//! observer refuse each, and go on as before.

mod common;

use common::{device_keys, key_pair, record};
use engine::{Code, Engine, Group, Observer};
use mls_rs::client_builder::{BaseConfig, WithCryptoProvider, WithIdentityProvider, WithMlsRules};
use mls_rs::extension::ExtensionType;
use mls_rs::identity::basic::BasicCredential;
use mls_rs::identity::{CredentialType, SigningIdentity};
use mls_rs::mls_rules::{CommitOptions, DefaultMlsRules};
use mls_rs::time::MlsTime;
use mls_rs::{CipherSuite, Client, Extension, ExtensionList, IdentityProvider, MlsMessage};
use mls_rs_core::crypto::{SignaturePublicKey, SignatureSecretKey};
use mls_rs_core::identity::MemberValidationContext;
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use openmls_basic_credential::SignatureKeyPair;
use std::convert::Infallible;

const NOW: u64 = 1_800_000_000;
const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;
const POLICY: ExtensionType = ExtensionType::new(0xF001);
/// Access, add, remove; one moderator, the person `alice`.
const OPEN: [u8; 3] = [1, 1, 1];
const INVITE: [u8; 3] = [2, 1, 1];
const MODERATED: [u8; 3] = [2, 2, 2];

fn policy([access, add, remove]: [u8; 3]) -> Vec<u8> {
    [&[1, access, add, remove, 0, 1, 1, 0, 5][..], b"alice", &[0, 0]].concat()
}

/// Takes every identity, and everybody for everybody's successor.
#[derive(Clone)]
struct Lax;

impl IdentityProvider for Lax {
    type Error = Infallible;
    fn validate_member(&self, _: &SigningIdentity, _: Option<MlsTime>, _: MemberValidationContext<'_>) -> Result<(), Infallible> {
        Ok(())
    }
    fn validate_external_sender(&self, _: &SigningIdentity, _: Option<MlsTime>, _: Option<&ExtensionList>) -> Result<(), Infallible> {
        Ok(())
    }
    fn identity(&self, leaf: &SigningIdentity, _: &ExtensionList) -> Result<Vec<u8>, Infallible> {
        Ok(leaf.signature_key.as_bytes().to_vec())
    }
    fn valid_successor(&self, _: &SigningIdentity, _: &SigningIdentity, _: &ExtensionList) -> Result<bool, Infallible> {
        Ok(true)
    }
    fn supported_types(&self) -> Vec<CredentialType> {
        vec![CredentialType::BASIC]
    }
}

type Config = WithMlsRules<DefaultMlsRules, WithIdentityProvider<Lax, WithCryptoProvider<RustCryptoProvider, BaseConfig>>>;

struct Mallory {
    client: Client<Config>,
    secret: SignatureSecretKey,
    public: SignaturePublicKey,
}

fn mallory(kind: u8, identity: &str, user: &SignatureKeyPair) -> Mallory {
    let (secret, public) = device_keys();
    let bytes = record(kind, identity, user, &public);
    mallory_with(secret, public, bytes)
}

fn mallory_with(secret: Vec<u8>, public: Vec<u8>, record: Vec<u8>) -> Mallory {
    let (secret, public) = (SignatureSecretKey::new(secret), SignaturePublicKey::new(public));
    let identity = SigningIdentity::new(BasicCredential::new(record).into_credential(), public.clone());
    let client = Client::builder()
        .crypto_provider(RustCryptoProvider::with_enabled_cipher_suites(vec![SUITE]))
        .identity_provider(Lax)
        .mls_rules(DefaultMlsRules::new().with_commit_options(CommitOptions::new().with_ratchet_tree_extension(true)))
        .extension_type(POLICY)
        .signing_identity(identity, secret.clone(), SUITE)
        .build();
    Mallory { client, secret, public }
}

impl Mallory {
    fn key_package(&self) -> Vec<u8> {
        let none = ExtensionList::new;
        self.client.generate_key_package_message(none(), none(), Some(NOW.into())).unwrap().to_bytes().unwrap()
    }
    fn join(&self, welcome: &[u8]) -> mls_rs::Group<Config> {
        self.client.join_group(None, &MlsMessage::from_bytes(welcome).unwrap(), None).unwrap().0
    }
    fn join_external(&self, info: &[u8], remove: Option<u32>) -> Vec<u8> {
        let mut builder = self.client.external_commit_builder().unwrap();
        if let Some(leaf) = remove {
            builder = builder.with_removal(leaf);
        }
        builder.build(MlsMessage::from_bytes(info).unwrap()).unwrap().1.to_bytes().unwrap()
    }
}

fn ours(identity: &str) -> Engine {
    let (secret, public) = device_keys();
    Engine::new(&secret, &public, &record(1, identity, &key_pair(), &public)).unwrap()
}

/// Alice's group, bob's of our kind, mallory in it, and the server's observer.
struct Room {
    alice: Group,
    bob: Group,
    inside: mls_rs::Group<Config>,
    mallory: Mallory,
    observer: Observer,
}

fn room(access: [u8; 3]) -> Room {
    let mallory = mallory(1, "mallory", &key_pair());
    let (alice, bob) = (ours("alice"), ours("bob"));
    let mut at_alice = alice.create_group(b"room", &policy(access)).unwrap();
    let package = bob.key_package(false, NOW, 1000).unwrap();
    let theirs = mallory.key_package();
    let welcome = at_alice.commit_add(&[&package.key_package, &theirs], NOW, b"").unwrap().welcome.unwrap();
    at_alice.apply().unwrap();
    let at_bob = bob.join(&welcome, &package.secret).unwrap().group;
    let inside = mallory.join(&welcome);
    let observer = Observer::observe(&at_alice.info().unwrap()).unwrap();
    Room { alice: at_alice, bob: at_bob, inside, mallory, observer }
}

impl Room {
    /// All refuse it for one of these reasons, and go on.
    fn refuse(&mut self, what: &str, commit: &[u8], codes: &[Code]) {
        let before = self.alice.authenticator().unwrap();
        for group in [&mut self.alice, &mut self.bob] {
            let error = group.process(commit).err().unwrap_or_else(|| panic!("{what}: taken"));
            assert!(codes.contains(&error.code), "{what}: {error}");
        }
        let error = self.observer.stage(commit, NOW).err().unwrap_or_else(|| panic!("{what}: taken by the observer"));
        assert!(codes.contains(&error.code), "{what}, observer: {error}");
        assert_eq!(self.alice.authenticator().unwrap(), before, "{what}");
        let update = self.alice.commit_policy(&policy(self.access()), b"").unwrap();
        assert_eq!(self.observer.stage(&update.commit, NOW).unwrap().changes.epoch, self.alice.epoch() + 1);
        self.alice.clear();
    }
    fn access(&self) -> [u8; 3] {
        self.alice.policy()[1..4].try_into().unwrap()
    }
    fn commit(&mut self, build: impl FnOnce(&mut mls_rs::Group<Config>) -> MlsMessage) -> Vec<u8> {
        let message = build(&mut self.inside).to_bytes().unwrap();
        self.inside.clear_pending_commit();
        message
    }
}

#[test]
fn a_foreign_leaf_is_never_replaced() {
    for access in [OPEN, INVITE] {
        let mut room = room(access);
        let info = room.alice.info().unwrap();
        // Bob's own name and device id, under keys of mallory's.
        for identity in ["mallory2", "bob"] {
            let commit = mallory(1, identity, &key_pair()).join_external(&info, Some(room.bob.leaf()));
            room.refuse("a foreign leaf", &commit, &[Code::NotAllowed]);
        }
    }
}

#[test]
fn nobody_joins_an_invite_room_and_no_machine_any() {
    let mut closed = room(INVITE);
    let commit = mallory(1, "stranger", &key_pair()).join_external(&closed.alice.info().unwrap(), None);
    closed.refuse("a join", &commit, &[Code::NotAllowed]);
    let mut open = room(OPEN);
    let commit = mallory(2, "node", &key_pair()).join_external(&open.alice.info().unwrap(), None);
    open.refuse("a machine", &commit, &[Code::NotAllowed]);
}

#[test]
fn a_record_without_its_user_keys_signature_is_nobody() {
    let mut room = room(OPEN);
    let (secret, public) = device_keys();
    // Signed for another device: what a server could copy.
    let copied = record(1, "bob", &key_pair(), &device_keys().1);
    for bytes in [copied, b"bob".to_vec(), vec![]] {
        let ghost = mallory_with(secret.clone(), public.clone(), bytes);
        let commit = ghost.join_external(&room.alice.info().unwrap(), None);
        room.refuse("a ghost", &commit, &[Code::BadRecord]);
        let package = ghost.key_package();
        assert_eq!(room.alice.commit_add(&[&package], NOW, b"").err().unwrap().code, Code::BadRecord);
        assert!(!room.alice.pending());
        let commit = room.commit(|group| {
            group.commit_builder().add_member(MlsMessage::from_bytes(&package).unwrap()).unwrap().commit_time(NOW.into()).build().unwrap().commit_message
        });
        room.refuse("a ghost, added", &commit, &[Code::BadRecord]);
    }
}

/// A group that mallory has made, with somebody in it whom nobody of ours would have let in: who is asked in, or joins by itself, has
/// only the tree to go by.
#[test]
fn nobody_joins_a_group_with_a_ghost_in_it() {
    for ghosts in [0, 1] {
        let mallory = mallory(1, "mallory", &key_pair());
        let context = ExtensionList::from(vec![Extension::new(POLICY, policy(OPEN))]);
        let mut inside = mallory.client.create_group(context, ExtensionList::new(), Some(NOW.into())).unwrap();
        let bob = ours("bob");
        let package = bob.key_package(false, NOW, 1000).unwrap();
        let mut packages: Vec<_> = (0..3).map(|_| ours("friend").key_package(false, NOW, 1000).unwrap().key_package).collect();
        let (secret, public) = device_keys();
        // Well-formed, and signed for another device: only the signature tells.
        let copied = record(1, "carol", &key_pair(), &device_keys().1);
        packages.extend((0..ghosts).map(|_| mallory_with(secret.clone(), public.clone(), copied.clone()).key_package()));
        packages.push(package.key_package.clone());
        let mut builder = inside.commit_builder().commit_time(NOW.into());
        for package in &packages {
            builder = builder.add_member(MlsMessage::from_bytes(package).unwrap()).unwrap();
        }
        let welcome = builder.build().unwrap().welcome_messages[0].to_bytes().unwrap();
        inside.apply_pending_commit().unwrap();
        let info = inside.group_info_message_allowing_ext_commit(true).unwrap().to_bytes().unwrap();
        let joiner = ours("dave");
        let codes = [bob.join(&welcome, &package.secret).err(), joiner.join_external(&info, b"").err()].map(|error| error.map(|e| e.code));
        let expected = if ghosts == 0 { None } else { Some(Code::Invalid) };
        assert_eq!(codes, [expected, expected], "{ghosts} ghosts");
    }
}

#[test]
fn adds_and_removes_never_in_one_commit() {
    let mut room = room(OPEN);
    let package = MlsMessage::from_bytes(&mallory(1, "friend", &key_pair()).key_package()).unwrap();
    let leaf = room.bob.leaf();
    let commit = room.commit(|group| {
        let builder = group.commit_builder().commit_time(NOW.into());
        builder.add_member(package).unwrap().remove_member(leaf).unwrap().build().unwrap().commit_message
    });
    room.refuse("add and remove", &commit, &[Code::NotAllowed]);
}

#[test]
fn rights_are_the_policys() {
    let mut room = room(MODERATED);
    let package = MlsMessage::from_bytes(&mallory(1, "friend", &key_pair()).key_package()).unwrap();
    let commit = room.commit(|group| {
        group.commit_builder().commit_time(NOW.into()).add_member(package).unwrap().build().unwrap().commit_message
    });
    room.refuse("an add by no moderator", &commit, &[Code::NotAllowed]);
    let leaf = room.bob.leaf();
    let commit = room.commit(|group| group.commit_builder().remove_member(leaf).unwrap().build().unwrap().commit_message);
    room.refuse("a removal by no moderator", &commit, &[Code::NotAllowed]);
    let mut open = ExtensionList::new();
    open.set(Extension::new(POLICY, policy(OPEN)));
    let mut garbled = ExtensionList::new();
    garbled.set(Extension::new(POLICY, vec![9]));
    for extensions in [open, garbled, ExtensionList::new()] {
        let commit = room.commit(|group| group.commit_builder().set_group_context_ext(extensions).unwrap().build().unwrap().commit_message);
        room.refuse("a policy by no moderator", &commit, &[Code::NotAllowed, Code::Malformed]);
    }
}

#[test]
fn proposals_come_in_their_commit_only() {
    let mut room = room(OPEN);
    let leaf = room.bob.leaf();
    let proposal = room.inside.propose_remove(leaf, vec![]).unwrap().to_bytes().unwrap();
    room.refuse("a proposal alone", &proposal, &[Code::Malformed]);
    let commit = room.commit(|group| group.commit_builder().build().unwrap().commit_message);
    room.refuse("a commit by reference", &commit, &[Code::NotAllowed, Code::Invalid]);
}

#[test]
fn nobody_becomes_somebody_else() {
    let mut room = room(OPEN);
    let (secret, public) = (room.mallory.secret.clone(), room.mallory.public.clone());
    let other = record(1, "bob", &key_pair(), public.as_bytes());
    let commit = room.commit(|group| {
        let next = SigningIdentity::new(BasicCredential::new(other).into_credential(), public);
        group.commit_builder().set_new_signing_identity(secret, next).build().unwrap().commit_message
    });
    room.refuse("another's name", &commit, &[Code::NotAllowed]);
    let (secret, public) = device_keys();
    let bytes = record(1, "mallory", &key_pair(), &public);
    let commit = room.commit(|group| {
        let next = SigningIdentity::new(BasicCredential::new(bytes).into_credential(), SignaturePublicKey::new(public));
        group.commit_builder().set_new_signing_identity(SignatureSecretKey::new(secret), next).build().unwrap().commit_message
    });
    room.refuse("another device key", &commit, &[Code::NotAllowed]);
}

#[test]
fn a_commit_in_a_private_message_is_refused() {
    // The server couldn't check it: handshakes are public here.
    let mut room = room(OPEN);
    let sealed = room.inside.encrypt_application_message(b"x", vec![]).unwrap().to_bytes().unwrap();
    room.refuse("a private message as a commit", &sealed, &[Code::Malformed]);
    assert_eq!(room.bob.open(&sealed).unwrap().plaintext, b"x");
}
