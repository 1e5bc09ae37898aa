//! What the linked plugins registered: collected once, sorted, never changed.

use super::{Hook, Origin};
use std::collections::BTreeSet;

/// One attribute of one plugin.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// Where it stands.
    pub origin: Origin,
    /// What it says.
    pub hook: Hook,
}

inventory::collect!(Registration);

/// Every registration that a runtime works with, in (plugin, file, line) order.
///
/// [`Registry::linked`] holds what the linked plugins registered. It is an ordinary value: a test builds its own,
/// by narrowing this one or from registrations of its own.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    registrations: Vec<Registration>,
}

impl Registry {
    /// What the plugins that are linked into this program registered.
    ///
    /// `inventory` yields registrations in an order that differs from build to build, so they are sorted here.
    pub fn linked() -> Self {
        inventory::iter::<Registration>().copied().collect()
    }

    /// The registrations that stand in `module` or below it: how a test takes only its own.
    ///
    /// ```
    /// # use bristle::Registry;
    /// let registry = Registry::linked().in_module(module_path!());
    /// ```
    #[must_use]
    pub fn in_module(self, module: &str) -> Self {
        let below = format!("{module}::");
        self.filtered(|origin| origin.module == module || origin.module.starts_with(&below))
    }

    /// The registrations of these plugins only.
    #[must_use]
    pub fn only(self, plugins: &[&str]) -> Self {
        self.filtered(|origin| plugins.contains(&origin.plugin))
    }

    /// The registrations of all other plugins.
    #[must_use]
    pub fn without(self, plugins: &[&str]) -> Self {
        self.filtered(|origin| !plugins.contains(&origin.plugin))
    }

    /// Every registration, in (plugin, file, line) order.
    pub fn items(&self) -> &[Registration] {
        &self.registrations
    }

    /// The names of all plugins that registered anything, sorted.
    pub fn plugins(&self) -> Vec<&'static str> {
        let names: BTreeSet<_> = self.registrations.iter().map(|registration| registration.origin.plugin).collect();
        names.into_iter().collect()
    }

    fn filtered(self, keep: impl Fn(&Origin) -> bool) -> Self {
        self.registrations.into_iter().filter(|registration| keep(&registration.origin)).collect()
    }
}

impl FromIterator<Registration> for Registry {
    fn from_iter<I: IntoIterator<Item = Registration>>(registrations: I) -> Self {
        let mut registrations: Vec<_> = registrations.into_iter().collect();
        registrations.sort_by_key(|registration| registration.origin);
        Self { registrations }
    }
}
