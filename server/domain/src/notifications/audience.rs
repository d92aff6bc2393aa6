//! Who hears of what by mail. Webhooks hear of what they chose.

use model::notifications::Event;

/// Whom a mail goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The tenant's admins.
    Admins,
    /// Who looks after the tenant on the platform's side.
    Owner,
    /// Who asked for it: `data.requester`, else whoever acted.
    Requester,
    /// Everybody who runs the platform.
    Operators,
    /// Those of them who may be the second person: all but whoever asked (`data.requester`, else whoever acted).
    Approvers,
    /// The person that it is about: `data.user.id`.
    Person,
}

/// Nobody: the event is for programs only.
pub(super) const fn of(event: Event, platform: bool) -> &'static [Audience] {
    use Audience::*;
    match event {
        Event::TenantCreated | Event::WebhookTest => &[],
        Event::TenantProvisioned => &[Admins, Requester],
        Event::ProvisioningFailed => &[Requester, Operators],
        Event::TenantLive
        | Event::TenantSuspended
        | Event::SuspensionChanged
        | Event::TenantReinstated
        | Event::PlanChanged
        | Event::PlanScheduled
        | Event::PlanScheduleCancelled
        | Event::TrialEnding
        | Event::TrialEnded
        | Event::TrialExtended
        | Event::TrialConverted
        | Event::OffboardingStarted
        | Event::OffboardingCancelled
        | Event::TenantOffboarded
        | Event::TenantRestored => &[Admins, Owner],
        Event::TenantDeleted => &[Owner, Requester],
        Event::ExportReady => &[Admins, Requester],
        Event::UserInvited => &[Person],
        Event::OperationFailed | Event::PlanRequestDecided => &[Requester],
        Event::NeedsOperator | Event::MonitorRaised | Event::MonitorCleared => &[Operators],
        Event::ApprovalWaits => &[Approvers],
        // Not people of ours yet: `signup` knows the address.
        Event::SignupRequested | Event::SignupEnded => &[],
        Event::WebhookDisabled if platform => &[Operators],
        Event::WebhookDisabled => &[Admins],
    }
}

/// Whether a tenant may choose not to hear of it by mail (`notifications.lifecycle`): changes of its status that take
/// nothing from anybody. What takes access, or is about to, is told whatever it chose.
pub(super) const fn may_be_declined(event: Event) -> bool {
    use Event::*;
    matches!(
        event,
        TenantLive
            | TenantReinstated
            | PlanChanged
            | TrialExtended
            | TrialConverted
            | OffboardingCancelled
            | TenantRestored
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_admins_hear_nothing_of_the_platforms_own_affairs() {
        for event in Event::ALL.iter().filter(|event| event.is_internal()) {
            assert!(!of(*event, false).contains(&Audience::Admins), "{event:?}");
        }
    }

    /// The roles that the recipients are found by are those that may approve (`store::outbox::recipients`).
    #[test]
    fn those_who_run_the_platform_are_those_who_may_approve() {
        use model::permission::{Permission, Role};
        let may: Vec<_> = Role::ALL
            .iter()
            .filter(|role| role.is_platform() && role.grants(Permission::OperationApprove))
            .collect();
        assert_eq!(may, [&Role::Owner, &Role::Operator]);
    }

    #[test]
    fn whoever_loses_access_is_told_and_cannot_choose_not_to_be() {
        for event in [
            Event::TenantSuspended,
            Event::SuspensionChanged,
            Event::OffboardingStarted,
            Event::TenantOffboarded,
            Event::TrialEnding,
            Event::TrialEnded,
        ] {
            assert!(of(event, false).contains(&Audience::Admins), "{event:?}");
            assert!(!may_be_declined(event), "{event:?}");
        }
    }
}
