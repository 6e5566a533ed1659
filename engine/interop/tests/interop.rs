//! Members by our engine (mls-rs) and by OpenMLS in one group: random adds, removes, updates, external joins, messages late and
//! shuffled, an observer beside. After each step all agree on members, epoch, authenticator and exporter. SEED, RUNS and STEPS
//! come from the environment; what fails names its seed and step.

mod common;

use common::{Random, device_keys, key_pair, record};
use engine::{Code, Engine, Group, NewKeyPackage, Observer};
use openmls::prelude as om;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;
use std::collections::BTreeMap;
use tls_codec::{Deserialize as _, Serialize as _};

/// OpenMLS asks the clock about lifetimes, so the time is the real one here.
fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Open, everybody adds and removes, nobody moderates.
const OPEN: &[u8] = &[1, 1, 1, 1, 0, 0, 0, 0];
const POLICY: u16 = 0xF001;

#[derive(Debug, PartialEq)]
enum Got {
    Message(u32, Vec<u8>),
    Commit,
    Removed,
    /// Its sender has been removed since.
    Lost,
}

trait Member {
    fn library(&self) -> &'static str;
    fn commit(&mut self, add: &[Vec<u8>], remove: &[u32]) -> (Vec<u8>, Option<Vec<u8>>);
    fn apply(&mut self);
    fn process(&mut self, commit: &[u8]) -> Got;
    fn open(&mut self, message: &[u8]) -> Got;
    fn seal(&mut self, data: &[u8]) -> Vec<u8>;
    fn info(&mut self) -> Vec<u8>;
    fn authenticator(&self) -> Vec<u8>;
    fn epoch(&self) -> u64;
    fn leaf(&self) -> u32;
    fn leaves(&self) -> Vec<u32>;
    fn export(&self) -> Vec<u8>;
    /// Saved, dropped, loaded again.
    fn reload(&mut self) {}
}

trait Newcomer {
    fn key_package(&mut self) -> Vec<u8>;
    fn join(self: Box<Self>, welcome: &[u8]) -> Box<dyn Member>;
    fn join_external(self: Box<Self>, info: &[u8]) -> (Box<dyn Member>, Vec<u8>);
    fn create(self: Box<Self>) -> Box<dyn Member>;
}

#[test]
fn one_group_two_libraries() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default);
    let (seed, runs, steps) = (number("SEED", 1), number("RUNS", 5), number("STEPS", 100));
    for seed in seed..seed + runs {
        run(seed, steps as usize);
    }
}

struct Late {
    to: u32,
    epoch: u64,
    sender: u32,
    text: Vec<u8>,
    message: Vec<u8>,
}

fn run(seed: u64, steps: usize) {
    let mut random = Random(seed);
    let mut people = 0;
    let mut newcomer = |random: &mut Random| -> Box<dyn Newcomer> {
        people += 1;
        let identity = format!("u{people}");
        if random.below(2) == 0 { Box::new(Ours::new(&identity)) } else { Box::new(Theirs::new(&identity)) }
    };
    let mut live = vec![newcomer(&mut random).create()];
    let mut observer = Observer::observe(&live[0].info()).unwrap();
    let mut counts = BTreeMap::<String, usize>::new();
    let mut late: Vec<Late> = vec![];
    for step in 0..steps {
        let at = || format!("seed {seed} step {step}");
        let by = random.below(live.len());
        let draw = random.below(100);
        let (what, commit, joined): (&str, Option<Vec<u8>>, Vec<Box<dyn Member>>);
        let mut own = Some(by);
        if draw < 22 && live.len() < 16 {
            let mut new: Vec<_> = (0..1 + random.below(3)).map(|_| newcomer(&mut random)).collect();
            let packages: Vec<_> = new.iter_mut().map(|c| c.key_package()).collect();
            let (message, welcome) = live[by].commit(&packages, &[]);
            live[by].apply();
            let welcome = welcome.unwrap();
            (what, commit, joined) = ("add", Some(message), new.into_iter().map(|c| c.join(&welcome)).collect());
        } else if draw < 40 && live.len() > 2 {
            let mut leaves: Vec<u32> = live.iter().enumerate().filter(|(i, _)| *i != by).map(|(_, m)| m.leaf()).collect();
            random.shuffle(&mut leaves);
            leaves.truncate(1 + random.below(leaves.len().min(3)));
            let (message, _) = live[by].commit(&[], &leaves);
            live[by].apply();
            (what, commit, joined) = ("remove", Some(message), vec![]);
        } else if draw < 55 {
            let (message, _) = live[by].commit(&[], &[]);
            live[by].apply();
            (what, commit, joined) = ("update", Some(message), vec![]);
        } else if draw < 68 && live.len() < 16 {
            let info = live[by].info();
            let (member, message) = newcomer(&mut random).join_external(&info);
            own = None;
            (what, commit, joined) = ("external join", Some(message), vec![member]);
        } else if draw < 74 {
            live[by].reload();
            (what, commit, joined) = ("reload", None, vec![]);
        } else {
            let (sender, epoch) = (live[by].leaf(), live[by].epoch());
            let texts: Vec<_> = (0..4).map(|i| format!("{seed}.{step}.{i}").into_bytes()).collect();
            let sent: Vec<_> = texts.iter().map(|text| (text.clone(), live[by].seal(text))).collect();
            for (i, member) in live.iter_mut().enumerate().filter(|(i, _)| *i != by) {
                let _ = i;
                let mut shuffled = sent.clone();
                random.shuffle(&mut shuffled);
                if random.below(3) == 0 {
                    let (text, message) = shuffled.pop().unwrap();
                    late.push(Late { to: member.leaf(), epoch, sender, text, message });
                }
                for (text, message) in shuffled {
                    assert_eq!(member.open(&message), Got::Message(sender, text), "{}", at());
                }
            }
            (what, commit, joined) = ("messages", None, vec![]);
        }
        let library = if own.is_none() { joined[0].library() } else { live[by].library() };
        *counts.entry(format!("{what} by {library}")).or_default() += 1;
        if let Some(commit) = commit {
            let mut gone = vec![];
            for (i, member) in live.iter_mut().enumerate().filter(|(i, _)| Some(*i) != own) {
                match member.process(&commit) {
                    Got::Removed => gone.push(i),
                    got => assert_eq!(got, Got::Commit, "{} {what}", at()),
                }
            }
            for i in gone.into_iter().rev() {
                let leaf = live.remove(i).leaf();
                late.retain(|message| message.to != leaf);
            }
            let staged = observer.stage(&commit, now()).unwrap();
            assert_eq!(staged.changes.epoch, live[0].epoch(), "{}", at());
            assert_eq!(staged.changes.added.len(), joined.len(), "{}", at());
            assert!(observer.staged_matches(&live[0].info()).unwrap(), "{}", at());
            observer.accept().unwrap();
            if random.below(4) == 0 {
                let (state, tree) = observer.save().unwrap();
                observer = Observer::load(&state, &tree.unwrap()).unwrap();
            }
            live.extend(joined);
        }
        late.retain(|held| {
            let Some(member) = live.iter_mut().find(|member| member.leaf() == held.to) else { return false };
            if member.epoch() - held.epoch > 2 {
                return false;
            }
            if random.below(2) == 0 {
                return true;
            }
            let got = member.open(&held.message);
            let here = member.leaves().contains(&held.sender);
            assert!(got == Got::Message(held.sender, held.text.clone()) || (!here && got == Got::Lost), "{} late: {got:?}", at());
            *counts.entry(if got == Got::Lost { "late and lost".into() } else { format!("late to {}", member.library()) }).or_default() += 1;
            false
        });
        let sorted = |mut leaves: Vec<u32>| {
            leaves.sort_unstable();
            leaves
        };
        let state = |m: &dyn Member| (m.authenticator(), m.epoch(), m.export(), sorted(m.leaves()));
        let first = state(live[0].as_ref());
        for member in &live {
            assert_eq!(state(member.as_ref()), first, "{} {what}: {} differs", at(), member.library());
        }
        assert_eq!(first.3.len(), live.len(), "{}", at());
        assert_eq!(observer.epoch(), first.1, "{}", at());
        assert_eq!(sorted(observer.members().unwrap().iter().map(|m| m.leaf).collect()), first.3, "{}", at());
    }
    println!("seed {seed}: {} live at the end, epoch {}, {counts:?}", live.len(), live[0].epoch());
}

struct Ours {
    engine: Engine,
    package: Option<NewKeyPackage>,
}

struct OurMember {
    engine: Engine,
    group: Group,
    tree: Vec<u8>,
    epochs: BTreeMap<u64, Vec<u8>>,
}

impl Ours {
    fn new(identity: &str) -> Self {
        let (secret, public) = device_keys();
        let record = record(1, identity, &key_pair(), &public);
        Self { engine: Engine::new(&secret, &public, &record).unwrap(), package: None }
    }
    fn member(engine: Engine, group: Group) -> Box<dyn Member> {
        Box::new(OurMember { engine, group, tree: vec![], epochs: BTreeMap::new() })
    }
}

impl Newcomer for Ours {
    fn key_package(&mut self) -> Vec<u8> {
        let package = self.engine.key_package(false, now(), 1000).unwrap();
        self.package.insert(package).key_package.clone()
    }
    fn join(self: Box<Self>, welcome: &[u8]) -> Box<dyn Member> {
        let package = self.package.unwrap();
        assert!(self.engine.welcome_references(welcome).unwrap().contains(&package.reference));
        let group = self.engine.join(welcome, &package.secret).unwrap().group;
        Self::member(self.engine, group)
    }
    fn join_external(self: Box<Self>, info: &[u8]) -> (Box<dyn Member>, Vec<u8>) {
        let joined = self.engine.join_external(info, b"").unwrap();
        (Self::member(self.engine, joined.group), joined.commit)
    }
    fn create(self: Box<Self>) -> Box<dyn Member> {
        let group = self.engine.create_group(b"group", OPEN).unwrap();
        Self::member(self.engine, group)
    }
}

impl Member for OurMember {
    fn library(&self) -> &'static str {
        "mls-rs"
    }
    fn commit(&mut self, add: &[Vec<u8>], remove: &[u32]) -> (Vec<u8>, Option<Vec<u8>>) {
        let made = if !add.is_empty() {
            let add: Vec<&[u8]> = add.iter().map(Vec::as_slice).collect();
            self.group.commit_add(&add, now(), b"")
        } else if !remove.is_empty() {
            self.group.commit_remove(remove, b"")
        } else {
            self.group.commit_update(self.engine.record(), b"")
        };
        let made = made.unwrap();
        (made.commit, made.welcome)
    }
    fn apply(&mut self) {
        self.group.apply().unwrap();
    }
    fn process(&mut self, commit: &[u8]) -> Got {
        if self.group.process(commit).unwrap().removed_self { Got::Removed } else { Got::Commit }
    }
    fn open(&mut self, message: &[u8]) -> Got {
        match self.group.open(message) {
            Ok(opened) => Got::Message(opened.leaf, opened.plaintext),
            Err(error) if error.code == Code::Invalid => Got::Lost,
            Err(error) => panic!("{error}"),
        }
    }
    fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        self.group.seal(data, b"").unwrap().message
    }
    fn info(&mut self) -> Vec<u8> {
        self.group.info().unwrap()
    }
    fn authenticator(&self) -> Vec<u8> {
        self.group.authenticator().unwrap()
    }
    fn epoch(&self) -> u64 {
        self.group.epoch()
    }
    fn leaf(&self) -> u32 {
        self.group.leaf()
    }
    fn leaves(&self) -> Vec<u32> {
        self.group.members().unwrap().iter().map(|m| m.leaf).collect()
    }
    fn export(&self) -> Vec<u8> {
        self.group.export_secret(b"interop", b"context", 32).unwrap()
    }
    fn reload(&mut self) {
        let saved = self.group.save().unwrap();
        self.tree = saved.tree.unwrap_or_else(|| std::mem::take(&mut self.tree));
        self.epochs.extend(saved.epochs);
        while self.epochs.len() > 3 {
            self.epochs.pop_first();
        }
        let epochs: Vec<_> = self.epochs.iter().map(|(epoch, bytes)| (*epoch, bytes.as_slice())).collect();
        self.group = self.engine.load(&saved.state, &self.tree, &epochs).unwrap();
    }
}

const SUITE: om::Ciphersuite = om::Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

struct Theirs {
    provider: OpenMlsRustCrypto,
    keys: SignatureKeyPair,
    credential: om::CredentialWithKey,
}

struct TheirMember {
    group: om::MlsGroup,
    provider: OpenMlsRustCrypto,
    keys: SignatureKeyPair,
}

impl Theirs {
    fn new(identity: &str) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let keys = key_pair();
        keys.store(provider.storage()).unwrap();
        let record = record(1, identity, &key_pair(), keys.public());
        let credential = om::CredentialWithKey { credential: om::BasicCredential::new(record).into(), signature_key: keys.public().into() };
        Self { provider, keys, credential }
    }
    fn member(self, group: om::MlsGroup) -> Box<dyn Member> {
        Box::new(TheirMember { group, provider: self.provider, keys: self.keys })
    }
}

fn capabilities() -> om::Capabilities {
    om::Capabilities::new(None, None, Some(&[om::ExtensionType::Unknown(POLICY)]), None, None)
}

fn join_config() -> om::MlsGroupJoinConfig {
    om::MlsGroupJoinConfig::builder()
        .use_ratchet_tree_extension(true)
        .max_past_epochs(3)
        .sender_ratchet_configuration(om::SenderRatchetConfiguration::new(64, 1000))
        .wire_format_policy(om::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
        .build()
}

fn body(bytes: &[u8]) -> om::MlsMessageIn {
    om::MlsMessageIn::tls_deserialize_exact(bytes).unwrap()
}

impl Newcomer for Theirs {
    fn key_package(&mut self) -> Vec<u8> {
        let bundle = om::KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .key_package_lifetime(om::Lifetime::init(now() - 10, now() + 1000))
            .build(SUITE, &self.provider, &self.keys, self.credential.clone())
            .unwrap();
        om::MlsMessageOut::from(bundle.key_package().clone()).tls_serialize_detached().unwrap()
    }
    fn join(self: Box<Self>, welcome: &[u8]) -> Box<dyn Member> {
        let om::MlsMessageBodyIn::Welcome(welcome) = body(welcome).extract() else { panic!("no Welcome") };
        let group = om::StagedWelcome::new_from_welcome(&self.provider, &join_config(), welcome, None).unwrap();
        let group = group.into_group(&self.provider).unwrap();
        self.member(group)
    }
    fn join_external(self: Box<Self>, info: &[u8]) -> (Box<dyn Member>, Vec<u8>) {
        let om::MlsMessageBodyIn::GroupInfo(info) = body(info).extract() else { panic!("no GroupInfo") };
        let (group, bundle) = om::MlsGroup::external_commit_builder()
            .with_config(join_config())
            .build_group(&self.provider, info, self.credential.clone())
            .unwrap()
            .leaf_node_parameters(om::LeafNodeParameters::builder().with_capabilities(capabilities()).build())
            .load_psks(self.provider.storage())
            .unwrap()
            .build(self.provider.rand(), self.provider.crypto(), &self.keys, |_| true)
            .unwrap()
            .finalize(&self.provider)
            .unwrap();
        let commit = bundle.into_contents().0.tls_serialize_detached().unwrap();
        (self.member(group), commit)
    }
    fn create(self: Box<Self>) -> Box<dyn Member> {
        let policy = om::Extension::Unknown(POLICY, om::UnknownExtension(OPEN.to_vec()));
        let group = om::MlsGroup::builder()
            .ciphersuite(SUITE)
            .with_group_id(om::GroupId::from_slice(b"group"))
            .with_capabilities(capabilities())
            .with_group_context_extensions(om::Extensions::single(policy).unwrap())
            .use_ratchet_tree_extension(true)
            .max_past_epochs(3)
            .sender_ratchet_configuration(om::SenderRatchetConfiguration::new(64, 1000))
            .with_wire_format_policy(om::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .build(&self.provider, &self.keys, self.credential.clone())
            .unwrap();
        self.member(group)
    }
}

impl Member for TheirMember {
    fn library(&self) -> &'static str {
        "OpenMLS"
    }
    fn commit(&mut self, add: &[Vec<u8>], remove: &[u32]) -> (Vec<u8>, Option<Vec<u8>>) {
        let packages: Vec<_> = add
            .iter()
            .map(|bytes| {
                let om::MlsMessageBodyIn::KeyPackage(package) = body(bytes).extract() else { panic!("no key package") };
                package.validate(self.provider.crypto(), om::ProtocolVersion::Mls10).unwrap()
            })
            .collect();
        let only_adds = !packages.is_empty();
        let leaves = remove.iter().map(|leaf| om::LeafNodeIndex::new(*leaf)).collect::<Vec<_>>();
        let bundle = self
            .group
            .commit_builder()
            .propose_adds(packages)
            .propose_removals(leaves)
            .force_self_update(!only_adds)
            .load_psks(self.provider.storage())
            .unwrap()
            .build(self.provider.rand(), self.provider.crypto(), &self.keys, |_| true)
            .unwrap()
            .stage_commit(&self.provider)
            .unwrap();
        let welcome = bundle.to_welcome_msg().map(|welcome| welcome.tls_serialize_detached().unwrap());
        (bundle.into_contents().0.tls_serialize_detached().unwrap(), welcome)
    }
    fn apply(&mut self) {
        self.group.merge_pending_commit(&self.provider).unwrap();
    }
    fn process(&mut self, commit: &[u8]) -> Got {
        let processed = self.group.process_message(&self.provider, body(commit).try_into_protocol_message().unwrap()).unwrap();
        let om::ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else { panic!("no commit") };
        let removed = staged.self_removed();
        self.group.merge_staged_commit(&self.provider, *staged).unwrap();
        if removed { Got::Removed } else { Got::Commit }
    }
    fn open(&mut self, message: &[u8]) -> Got {
        let Ok(processed) = self.group.process_message(&self.provider, body(message).try_into_protocol_message().unwrap()) else {
            return Got::Lost;
        };
        let om::Sender::Member(leaf) = processed.sender().clone() else { panic!("no member") };
        match processed.into_content() {
            om::ProcessedMessageContent::ApplicationMessage(message) => Got::Message(leaf.u32(), message.into_bytes()),
            _ => panic!("no message"),
        }
    }
    fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        self.group.create_message(&self.provider, &self.keys, data).unwrap().tls_serialize_detached().unwrap()
    }
    fn info(&mut self) -> Vec<u8> {
        self.group.export_group_info(self.provider.crypto(), &self.keys, true).unwrap().tls_serialize_detached().unwrap()
    }
    fn authenticator(&self) -> Vec<u8> {
        self.group.epoch_authenticator().as_slice().to_vec()
    }
    fn epoch(&self) -> u64 {
        self.group.epoch().as_u64()
    }
    fn leaf(&self) -> u32 {
        self.group.own_leaf_index().u32()
    }
    fn leaves(&self) -> Vec<u32> {
        self.group.members().map(|m| m.index.u32()).collect()
    }
    fn export(&self) -> Vec<u8> {
        self.group.export_secret(self.provider.crypto(), "interop", b"context", 32).unwrap()
    }
}
