//! Where mls-rs puts a group's parts and finds key packages: in memory, for one group or one join; who calls keeps them.

use crate::bounds::PAST_EPOCHS;
use mls_rs::{GroupStateStorage, KeyPackageStorage};
use mls_rs_core::group::{EpochRecord, GroupState};
use mls_rs_core::key_package::KeyPackageData;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use zeroize::Zeroizing;

#[derive(Default)]
pub struct Parts {
    pub state: Option<Zeroizing<Vec<u8>>>,
    pub epochs: BTreeMap<u64, Zeroizing<Vec<u8>>>,
    /// Epochs written since they were last taken.
    pub written: Vec<u64>,
    /// The newest epoch that was ever written: mls-rs counts on, though it may have been forgotten.
    pub newest: Option<u64>,
}

/// The parts of one group.
#[derive(Clone, Default)]
pub struct GroupStore(Arc<Mutex<Parts>>);

impl GroupStore {
    pub fn parts(&self) -> MutexGuard<'_, Parts> {
        // Nothing panics while it holds the lock, and after a panic the whole instance is discarded.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl GroupStateStorage for GroupStore {
    type Error = Infallible;

    fn state(&self, _: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
        Ok(self.parts().state.clone())
    }

    fn epoch(&self, _: &[u8], epoch: u64) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
        Ok(self.parts().epochs.get(&epoch).cloned())
    }

    fn write(&mut self, state: GroupState, inserts: Vec<EpochRecord>, updates: Vec<EpochRecord>) -> Result<(), Infallible> {
        let mut parts = self.parts();
        parts.state = Some(state.data);
        for record in inserts.into_iter().chain(updates) {
            parts.newest = parts.newest.max(Some(record.id));
            parts.written.push(record.id);
            parts.epochs.insert(record.id, record.data);
        }
        while parts.epochs.len() > PAST_EPOCHS {
            parts.epochs.pop_first();
        }
        Ok(())
    }

    fn max_epoch_id(&self, _: &[u8]) -> Result<Option<u64>, Infallible> {
        Ok(self.parts().newest)
    }
}

/// The key package that was just made, or the one to join with.
#[derive(Clone, Default)]
pub struct OneKeyPackage(Arc<Mutex<Option<(Vec<u8>, KeyPackageData)>>>);

impl OneKeyPackage {
    pub fn with(reference: Vec<u8>, data: KeyPackageData) -> Self {
        Self(Arc::new(Mutex::new(Some((reference, data)))))
    }

    pub fn take(&self) -> Option<(Vec<u8>, KeyPackageData)> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}

impl KeyPackageStorage for OneKeyPackage {
    type Error = Infallible;

    fn delete(&mut self, _: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn insert(&mut self, reference: Vec<u8>, data: KeyPackageData) -> Result<(), Infallible> {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((reference, data));
        Ok(())
    }

    fn get(&self, reference: &[u8]) -> Result<Option<KeyPackageData>, Infallible> {
        let held = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(held.as_ref().filter(|(known, _)| known == reference).map(|(_, data)| data.clone()))
    }
}
