//! The same for JavaScript: bytes and numbers in, bytes out (`wire.rs`; `src/mls/module/reply.ts` reads them). Errors are thrown as
//! strings, `code: detail`; whatever else is thrown means that this instance is at its end.

use crate::error::{Code, Result};
use crate::wire::{Reader, Writer};
use crate::{Changes, Engine, Group, Observer, Pending, Signatures};
use js_sys::{Function, Uint8Array};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! { static SIGNER: RefCell<Option<Function>> = const { RefCell::new(None) }; }

/// `sign(data)` gives 64 bytes; `panicked(words)` hears why this instance is about to end.
#[wasm_bindgen(js_name = setHost)]
pub fn set_host(sign: Function, panicked: Function) {
    SIGNER.with(|signer| *signer.borrow_mut() = Some(sign));
    std::panic::set_hook(Box::new(move |info| {
        let _ = panicked.call1(&JsValue::UNDEFINED, &JsValue::from_str(&info.to_string()));
    }));
}

/// Ends this instance, so that what follows can be tried.
#[wasm_bindgen]
pub fn trap() {
    panic!("asked to");
}

pub fn sign(data: &[u8]) -> Option<Vec<u8>> {
    let signer = SIGNER.with(|signer| signer.borrow().clone())?;
    // SAFETY: the view is used during this call only, and the signer doesn't call back into this module.
    let view = unsafe { Uint8Array::view(data) };
    let signature = signer.call1(&JsValue::UNDEFINED, &view).ok()?.dyn_into::<Uint8Array>().ok()?.to_vec();
    (signature.len() == 64).then_some(signature)
}

/// For tests: `signatures` holds key, signature and data of each, each behind its length. Whether each holds by itself, then whether all together do.
#[wasm_bindgen]
pub fn verify(signatures: &[u8]) -> Thrown<Vec<u8>> {
    thrown((|| {
        let parts = lists(signatures)?;
        let (together, mut formed, mut held) = (Signatures::gather(), true, vec![]);
        for one in parts.chunks_exact(3) {
            formed &= together.verify(one[0], one[1], one[2]);
            held.push(u8::from(crate::verify(one[0], one[1], one[2])));
        }
        held.push(u8::from(formed && together.settle().is_ok()));
        Ok(held)
    })())
}

type Thrown<T> = std::result::Result<T, JsValue>;

fn thrown<T>(result: Result<T>) -> Thrown<T> {
    result.map_err(|error| JsValue::from_str(&error.to_string()))
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut to = Writer::default();
    write(&mut to);
    to.0
}

fn lists(packed: &[u8]) -> Result<Vec<&[u8]>> {
    let mut reader = Reader(packed);
    let mut items = vec![];
    while !reader.0.is_empty() {
        items.push(reader.bytes()?);
    }
    Ok(items)
}

/// Numbers that JavaScript has as doubles; what is no such number is too large for anything here.
fn number(value: f64) -> Result<u64> {
    if value.is_finite() && value >= 0.0 && value <= 9_007_199_254_740_991.0 { Ok(value as u64) } else { Err(Code::Malformed.into()) }
}

#[wasm_bindgen]
pub struct RawEngine(Engine);

#[wasm_bindgen]
pub struct RawGroup(Group);

#[wasm_bindgen]
pub struct RawObserver(Observer);

/// A group and what came with it.
#[wasm_bindgen]
pub struct RawJoin {
    group: Option<Group>,
    reply: Vec<u8>,
}

#[wasm_bindgen]
impl RawJoin {
    #[wasm_bindgen(getter)]
    pub fn reply(&self) -> Vec<u8> {
        self.reply.clone()
    }
    #[wasm_bindgen(js_name = takeGroup)]
    pub fn take_group(&mut self) -> Thrown<RawGroup> {
        thrown(self.group.take().map(RawGroup).ok_or(Code::EngineFailed.into()))
    }
}

#[wasm_bindgen]
impl RawEngine {
    #[wasm_bindgen(constructor)]
    pub fn new(device_key: &[u8], record: &[u8]) -> Thrown<RawEngine> {
        // The secret key is outside; mls-rs wants some bytes, which go into saved states.
        thrown(Engine::new(&[0], device_key, record).map(RawEngine))
    }
    #[wasm_bindgen(js_name = renewRecord)]
    pub fn renew_record(&mut self, record: &[u8]) -> Thrown<()> {
        thrown(self.0.renew_record(record))
    }
    #[wasm_bindgen(js_name = keyPackage)]
    pub fn key_package(&self, last_resort: bool, now: f64, lifetime: f64) -> Thrown<Vec<u8>> {
        thrown((|| {
            let made = self.0.key_package(last_resort, number(now)?, number(lifetime)?)?;
            Ok(written(|to| {
                to.bytes(&made.key_package).bytes(&made.reference).bytes(&made.secret);
            }))
        })())
    }
    #[wasm_bindgen(js_name = createGroup)]
    pub fn create_group(&self, group_id: &[u8], policy: &[u8]) -> Thrown<RawGroup> {
        thrown(self.0.create_group(group_id, policy).map(RawGroup))
    }
    #[wasm_bindgen(js_name = welcomeReferences)]
    pub fn welcome_references(&self, welcome: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.welcome_references(welcome).map(|references| references_reply(&references)))
    }
    pub fn join(&self, welcome: &[u8], secret: &[u8]) -> Thrown<RawJoin> {
        thrown(self.0.join(welcome, secret).map(|joined| {
            let reply = written(|to| {
                to.u32(joined.committer);
            });
            RawJoin { group: Some(joined.group), reply }
        }))
    }
    #[wasm_bindgen(js_name = joinExternal)]
    pub fn join_external(&self, group_info: &[u8], authenticated_data: &[u8]) -> Thrown<RawJoin> {
        thrown(self.0.join_external(group_info, authenticated_data).map(|joined| {
            let reply = written(|to| {
                to.bytes(&joined.commit).bytes(&joined.group_info).u8(joined.replaced.is_some().into()).u32(joined.replaced.unwrap_or(0));
            });
            RawJoin { group: Some(joined.group), reply }
        }))
    }
    /// `epochs`: for each a number of eight bytes and what was saved, each of these behind its length.
    pub fn load(&self, state: &[u8], tree: &[u8], epochs: &[u8]) -> Thrown<RawGroup> {
        thrown((|| {
            let packed = lists(epochs)?;
            let epochs = packed
                .into_iter()
                .map(|item| {
                    let mut reader = Reader(item);
                    Ok((reader.u64()?, reader.0))
                })
                .collect::<Result<Vec<_>>>()?;
            self.0.load(state, tree, &epochs).map(RawGroup)
        })())
    }
    #[wasm_bindgen(js_name = hpkeKey)]
    pub fn hpke_key(&self) -> Thrown<Vec<u8>> {
        thrown(self.0.hpke_key().map(|(secret, public)| {
            written(|to| {
                to.bytes(&secret).bytes(&public);
            })
        }))
    }
    #[wasm_bindgen(js_name = hpkeSeal)]
    pub fn hpke_seal(&self, to: &[u8], info: &[u8], plaintext: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.hpke_seal(to, info, plaintext))
    }
    #[wasm_bindgen(js_name = hpkeOpen)]
    pub fn hpke_open(&self, secret: &[u8], public: &[u8], info: &[u8], sealed: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.hpke_open(secret, public, info, sealed))
    }
}

#[wasm_bindgen]
impl RawGroup {
    /// What changes with an epoch and a commit only: id, policy, epoch, own leaf, whether a commit waits, whether it was removed.
    pub fn status(&self) -> Vec<u8> {
        written(|to| {
            to.bytes(self.0.id()).bytes(&self.0.policy()).u64(self.0.epoch()).u32(self.0.leaf());
            to.u8(self.0.pending().into()).u8(self.0.removed().into());
        })
    }
    pub fn members(&self) -> Thrown<Vec<u8>> {
        thrown(self.0.members().map(|members| {
            written(|to| {
                to.list(&members, |to, member| member.write(to));
            })
        }))
    }
    /// A flag, and the member if there is one.
    pub fn member(&self, leaf: u32) -> Thrown<Vec<u8>> {
        thrown(self.0.member(leaf).map(|member| {
            written(|to| {
                to.u8(member.is_some().into());
                if let Some(member) = &member {
                    member.write(to);
                }
            })
        }))
    }
    pub fn authenticator(&self) -> Thrown<Vec<u8>> {
        thrown(self.0.authenticator())
    }
    #[wasm_bindgen(js_name = exportSecret)]
    pub fn export_secret(&self, label: &[u8], context: &[u8], length: u32) -> Thrown<Vec<u8>> {
        thrown(self.0.export_secret(label, context, length as usize))
    }
    pub fn info(&self) -> Thrown<Vec<u8>> {
        thrown(self.0.info())
    }
    #[wasm_bindgen(js_name = commitAdd)]
    pub fn commit_add(&mut self, key_packages: &[u8], now: f64, authenticated_data: &[u8]) -> Thrown<Vec<u8>> {
        thrown((|| self.0.commit_add(&lists(key_packages)?, number(now)?, authenticated_data).map(pending_reply))())
    }
    #[wasm_bindgen(js_name = commitRemove)]
    pub fn commit_remove(&mut self, leaves: &[u32], authenticated_data: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.commit_remove(leaves, authenticated_data).map(pending_reply))
    }
    #[wasm_bindgen(js_name = commitUpdate)]
    pub fn commit_update(&mut self, engine: &RawEngine, authenticated_data: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.commit_update(engine.0.record(), authenticated_data).map(pending_reply))
    }
    #[wasm_bindgen(js_name = commitPolicy)]
    pub fn commit_policy(&mut self, policy: &[u8], authenticated_data: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.commit_policy(policy, authenticated_data).map(pending_reply))
    }
    pub fn apply(&mut self) -> Thrown<Vec<u8>> {
        thrown(self.0.apply().map(changes_reply))
    }
    pub fn clear(&mut self) {
        self.0.clear();
    }
    pub fn process(&mut self, handshake: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.process(handshake).map(changes_reply))
    }
    pub fn seal(&mut self, plaintext: &[u8], authenticated_data: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.seal(plaintext, authenticated_data).map(|sealed| {
            written(|to| {
                to.u64(sealed.epoch).u32(sealed.generation).bytes(&sealed.message);
            })
        }))
    }
    pub fn open(&mut self, sealed: &[u8]) -> Thrown<Vec<u8>> {
        thrown(self.0.open(sealed).map(|opened| {
            written(|to| {
                to.u64(opened.epoch).u32(opened.generation).u32(opened.leaf).bytes(&opened.plaintext).bytes(&opened.authenticated_data);
                to.u8(opened.past_sender.is_some().into());
                if let Some(sender) = &opened.past_sender {
                    sender.write(to);
                }
            })
        }))
    }
    pub fn save(&mut self) -> Thrown<Vec<u8>> {
        thrown(self.0.save().map(|saved| {
            written(|to| {
                to.bytes(&saved.state).maybe(saved.tree.as_deref()).list(&saved.epochs, |to, (epoch, bytes)| {
                    to.u64(*epoch).bytes(bytes);
                });
            })
        }))
    }
    #[wasm_bindgen(js_name = forgetEpochsBefore)]
    pub fn forget_epochs_before(&mut self, epoch: f64) -> Thrown<()> {
        thrown(number(epoch).map(|epoch| self.0.forget_epochs_before(epoch)))
    }
}

#[wasm_bindgen]
impl RawObserver {
    pub fn observe(group_info: &[u8]) -> Thrown<RawObserver> {
        thrown(Observer::observe(group_info).map(RawObserver))
    }
    pub fn load(state: &[u8], tree: &[u8]) -> Thrown<RawObserver> {
        thrown(Observer::load(state, tree).map(RawObserver))
    }
    #[wasm_bindgen(js_name = inspectKeyPackage)]
    pub fn inspect_key_package(key_package: &[u8], now: f64) -> Thrown<Vec<u8>> {
        thrown((|| {
            let package = crate::inspect_key_package(key_package, number(now)?)?;
            Ok(written(|to| {
                to.bytes(&package.reference).bytes(&package.record).bytes(&package.device_key);
                to.u8(package.last_resort.into()).u64(package.not_after);
            }))
        })())
    }
    #[wasm_bindgen(js_name = welcomeReferences)]
    pub fn welcome_references(welcome: &[u8]) -> Thrown<Vec<u8>> {
        thrown(Observer::welcome_references(welcome).map(|references| references_reply(&references)))
    }
    pub fn status(&self) -> Vec<u8> {
        written(|to| {
            to.bytes(self.0.id()).bytes(&self.0.policy()).u64(self.0.epoch());
        })
    }
    pub fn members(&self) -> Thrown<Vec<u8>> {
        thrown(self.0.members().map(|members| {
            written(|to| {
                to.list(&members, |to, member| member.write(to));
            })
        }))
    }
    pub fn stage(&mut self, commit: &[u8], now: f64) -> Thrown<Vec<u8>> {
        thrown((|| {
            let staged = self.0.stage(commit, number(now)?)?;
            Ok(written(|to| staged.write(to)))
        })())
    }
    #[wasm_bindgen(js_name = stagedMatches)]
    pub fn staged_matches(&self, group_info: &[u8]) -> Thrown<bool> {
        thrown(self.0.staged_matches(group_info))
    }
    pub fn accept(&mut self) -> Thrown<()> {
        thrown(self.0.accept())
    }
    pub fn save(&mut self) -> Thrown<Vec<u8>> {
        thrown(self.0.save().map(|(state, tree)| {
            written(|to| {
                to.bytes(&state).maybe(tree.as_deref());
            })
        }))
    }
}

fn pending_reply(pending: Pending) -> Vec<u8> {
    written(|to| {
        to.bytes(&pending.commit).maybe(pending.welcome.as_deref()).bytes(&pending.group_info);
    })
}

fn changes_reply(changes: Changes) -> Vec<u8> {
    written(|to| changes.write(to))
}

fn references_reply(references: &[Vec<u8>]) -> Vec<u8> {
    written(|to| {
        to.list(references, |to, reference| {
            to.bytes(reference);
        });
    })
}
