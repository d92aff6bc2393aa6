//! What people and programs are told about: the events of a tenant's life, and who hears of each.
//!
//! An event is written by the change itself (`domain::notifications::announce`) and becomes mails and webhook calls
//! afterwards. The word of an event is its `type` in a webhook's body and therefore never changes its meaning.

use crate::states::words;

words! {
    /// What happened.
    Event {
        TenantCreated = "tenant.created", "Tenant created";
        TenantProvisioned = "tenant.provisioned", "Tenant provisioned";
        ProvisioningFailed = "tenant.provisioning_failed", "Provisioning failed";
        TenantLive = "tenant.live", "Tenant went live";
        TenantSuspended = "tenant.suspended", "Tenant suspended";
        TenantReinstated = "tenant.reinstated", "Tenant reinstated";
        PlanChanged = "tenant.plan_changed", "Plan changed";
        TrialEnding = "tenant.trial_ending", "Trial ends soon";
        TrialEnded = "tenant.trial_ended", "Trial ended";
        OffboardingStarted = "tenant.offboarding_started", "Offboarding started";
        OffboardingCancelled = "tenant.offboarding_cancelled", "Offboarding cancelled";
        TenantOffboarded = "tenant.offboarded", "Access ended";
        TenantRestored = "tenant.restored", "Tenant restored";
        TenantDeleted = "tenant.deleted", "Tenant deleted";
        ExportReady = "tenant.export_ready", "Export ready";
        UserInvited = "user.invited", "Somebody invited";
        OperationFailed = "operation.failed", "Operation failed and undone";
        NeedsOperator = "operation.needs_operator", "Operation needs an operator";
        WebhookDisabled = "webhook.disabled", "Webhook switched off";
        /// Sent when somebody asks for a test.
        WebhookTest = "webhook.test", "Test";
    }
}

impl Event {
    /// What only the people of the platform hear of.
    pub const fn is_internal(self) -> bool {
        matches!(self, Self::ProvisioningFailed | Self::OperationFailed | Self::NeedsOperator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_fits_the_column() {
        for event in Event::ALL {
            let (noun, what) = event.as_str().split_once('.').expect("two words");
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(plain(noun) && plain(what) && !what.is_empty(), "{event:?}");
        }
    }
}
