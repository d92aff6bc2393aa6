//! Who may do what: `Role::grants()` is the whole matrix; a golden file in the tests shows it at one glance.
//!
//! A permission is asked for in a scope: the platform, or one tenant. Platform roles hold theirs over every tenant,
//! tenant roles and API keys only inside their own. A platform key acts like a person of its role, except in what needs
//! a person ([`Permission::needs_person`]).

use crate::states::words;
use crate::tenants::Access;
use crate::{ApiKeyId, PlatformKeyId, TenantId, UserId};
use serde::{Deserialize, Serialize};

words! {
    /// What a person is on the platform, or inside a tenant.
    Role {
        /// Everything, including who else may sign in.
        Owner = "owner", "Owner";
        /// Runs the life of tenants.
        Operator = "operator", "Operator";
        /// Customer success: reads the fleet and its health, works on checklists.
        Success = "success", "Customer success";
        /// Reads everything, changes nothing.
        Auditor = "auditor", "Auditor";
        /// Runs one tenant from the inside.
        TenantAdmin = "tenant_admin", "Tenant admin";
        /// Reads one tenant from the inside.
        TenantMember = "tenant_member", "Member";
    }
}

words! {
    /// What can be asked for. The word stands in the audit log when it was denied.
    Permission {
        OverviewRead = "overview.read", "see the fleet overview";
        TenantList = "tenant.list", "list tenants";
        TenantRead = "tenant.read", "see this tenant";
        TenantCreate = "tenant.create", "create tenants";
        TenantSuspend = "tenant.suspend", "suspend and reinstate tenants";
        TenantPlan = "tenant.plan", "change a tenant’s plan";
        /// What comes of it is decided by the platform's people.
        TenantPlanRequest = "tenant.plan_request", "ask for another plan";
        TenantOffboard = "tenant.offboard", "offboard tenants";
        TenantGoLive = "tenant.go_live", "take tenants live";
        TenantDetails = "tenant.details", "change a tenant’s details";
        TenantBulk = "tenant.bulk", "work on many tenants at once";
        TaskRead = "task.read", "see AI tasks";
        TaskEnable = "task.enable", "enable and disable AI tasks";
        TaskOverride = "task.override", "override AI tasks";
        TaskPublish = "task.publish", "publish global AI tasks";
        FieldRead = "field.read", "see fields";
        ConversationRead = "conversation.read", "read conversations";
        ConversationWrite = "conversation.write", "send conversations";
        UsageRead = "usage.read", "see usage";
        /// Of its payments, those that did not come.
        BillingRead = "billing.read", "see a tenant’s billing";
        HealthRead = "health.read", "see health";
        HealthFleet = "health.fleet", "see the health of the fleet";
        HealthCompute = "health.compute", "compute a health score anew";
        ChecklistRead = "checklist.read", "see checklists";
        ChecklistWork = "checklist.work", "work on checklists";
        ChecklistWaive = "checklist.waive", "waive checklist items";
        ApiKeyRead = "api_key.read", "see API keys";
        ApiKeyManage = "api_key.manage", "manage API keys";
        AuditRead = "audit.read", "read the audit log of a tenant";
        AuditFleet = "audit.fleet", "read the audit log of the platform";
        NotificationRead = "notification.read", "see notices and webhooks";
        NotificationSend = "notification.send", "send notices again";
        WebhookManage = "webhook.manage", "manage webhooks";
        MemberRead = "member.read", "see a tenant’s people";
        MemberManage = "member.manage", "manage a tenant’s people";
        UserManage = "user.manage", "manage who may sign in";
        OperationRead = "operation.read", "see operations on this tenant";
        OperationFleet = "operation.fleet", "see operations of all tenants";
        OperationControl = "operation.control", "retry, cancel and roll back operations";
        OperationApprove = "operation.approve", "approve operations";
        /// Whom the rules bind does not hold it.
        ApprovalManage = "approval.manage", "change what needs a second person";
        SettingRead = "setting.read", "see settings";
        SettingWrite = "setting.write", "change settings";
        SettingOperate = "setting.operate", "change settings that only operators may";
        SettingPlatformRead = "setting.platform_read", "see the platform’s settings";
        SettingPlatform = "setting.platform", "change the platform’s settings";
        TemplateRead = "template.read", "see templates and alignment";
        TemplateEdit = "template.edit", "write and publish templates";
        TemplateApply = "template.apply", "apply templates to tenants";
        TemplateAccept = "template.accept", "accept differences from a template";
        SignupPageRead = "signup_page.read", "see sign-up pages";
        SignupPageManage = "signup_page.manage", "make and change sign-up pages";
        PlatformKeyRead = "platform_key.read", "see platform keys";
        /// Who makes a key lets a program in: it is like managing people.
        PlatformKeyManage = "platform_key.manage", "manage platform keys";
    }
}

impl Permission {
    /// Whether it changes something: what a read-only suspension takes away.
    pub const fn writes(self) -> bool {
        use Permission::*;
        match self {
            TenantCreate | TenantSuspend | TenantPlan | TenantPlanRequest | TenantOffboard | TenantGoLive
            | TenantDetails | TenantBulk | TaskEnable | TaskOverride | TaskPublish | ConversationWrite
            | HealthCompute | ChecklistWork | ChecklistWaive | ApiKeyManage | NotificationSend
            | WebhookManage | MemberManage | UserManage | OperationControl | OperationApprove
            | ApprovalManage | SettingWrite | SettingOperate | SettingPlatform | TemplateEdit
            | TemplateApply | TemplateAccept | SignupPageManage | PlatformKeyManage => true,
            OverviewRead | TenantList | TenantRead | TaskRead | FieldRead | ConversationRead | UsageRead
            | BillingRead | HealthRead | HealthFleet | ApiKeyRead | ChecklistRead | AuditRead
            | AuditFleet | NotificationRead | MemberRead | OperationRead | OperationFleet | SettingRead
            | SettingPlatformRead | TemplateRead | SignupPageRead | PlatformKeyRead => false,
        }
    }

    /// Whether no program of the platform may do it, whatever its role: a second person is a person, and a program never
    /// says who else may get in, neither people nor programs, on the platform or inside a tenant. Whom a new tenant begins
    /// with belongs to making it (`TenantCreate`).
    pub const fn needs_person(self) -> bool {
        use Permission::*;
        matches!(
            self,
            OperationApprove | ApprovalManage | UserManage | PlatformKeyManage | MemberManage | ApiKeyManage
        )
    }

    /// Whether it is about the platform as a whole, so that no tenant role may hold it.
    pub const fn is_platform(self) -> bool {
        use Permission::*;
        matches!(
            self,
            OverviewRead
                | TenantList
                | TenantCreate
                | TenantSuspend
                | TenantPlan
                | TenantOffboard
                | TenantGoLive
                | TenantDetails
                | TenantBulk
                | ChecklistWaive
                | HealthFleet
                | HealthCompute
                | AuditFleet
                | UserManage
                | TaskPublish
                | OperationFleet
                | OperationControl
                | OperationApprove
                | ApprovalManage
                | SettingOperate
                | SettingPlatformRead
                | SettingPlatform
                | TemplateRead
                | TemplateEdit
                | TemplateApply
                | TemplateAccept
                | SignupPageRead
                | SignupPageManage
                | PlatformKeyRead
                | PlatformKeyManage
        )
    }
}

impl Role {
    pub const fn is_platform(self) -> bool {
        matches!(self, Self::Owner | Self::Operator | Self::Success | Self::Auditor)
    }

    /// The whole matrix.
    pub fn grants(self, permission: Permission) -> bool {
        use Permission::*;
        match self {
            Self::Owner => true,
            Self::Operator => !matches!(permission, UserManage | ApprovalManage | PlatformKeyManage),
            Self::Success => {
                !permission.writes() && !matches!(permission, AuditFleet | PlatformKeyRead)
                    || matches!(permission, ChecklistWork | HealthCompute)
            }
            Self::Auditor => !permission.writes(),
            Self::TenantAdmin => !permission.is_platform(),
            Self::TenantMember => {
                !permission.is_platform()
                    && !permission.writes()
                    && !matches!(
                        permission,
                        AuditRead | BillingRead | NotificationRead | MemberRead | ApiKeyRead
                    )
            }
        }
    }
}

words! {
    /// What an API key may do.
    KeyAccess {
        Read = "read", "Read-only";
        ReadWrite = "read_write", "Read and write";
    }
}

impl KeyAccess {
    /// Keys move conversations, read results and arrange where they are told; they administer nothing else.
    pub fn grants(self, permission: Permission) -> bool {
        use Permission::*;
        match permission {
            TenantRead | ConversationRead | UsageRead | FieldRead | TaskRead | OperationRead
            | SettingRead | NotificationRead => true,
            ConversationWrite | NotificationSend | WebhookManage => self == Self::ReadWrite,
            _ => false,
        }
    }
}

/// Membership of a person in a tenant, with what the tenant's status leaves of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub tenant: TenantId,
    pub slug: String,
    pub tenant_name: String,
    pub role: Role,
    pub access: Access,
}

/// Who acts. Resolved once per request; everything below trusts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    Anonymous,
    User {
        id: UserId,
        name: String,
        email: String,
        platform: Option<Role>,
        memberships: Vec<Membership>,
    },
    ApiKey {
        id: ApiKeyId,
        name: String,
        tenant: TenantId,
        key: KeyAccess,
        access: Access,
    },
    /// One of the operator's own programs, over the whole platform.
    PlatformKey {
        id: PlatformKeyId,
        name: String,
        role: Role,
        /// Whoever made the key: of what it asks for, they are no second person.
        maker: Option<UserId>,
    },
    /// The server itself: jobs, the demo fleet, the command line.
    System {
        name: String,
    },
}

/// Where a permission is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Platform,
    Tenant(TenantId),
}

/// The answer to a permission asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    SignIn,
    /// The actor may know of the object, but not do this.
    Forbidden,
    /// The actor may not even know of the object: it looks missing.
    Hidden,
    /// The tenant's status leaves the actor no (or no writing) access.
    Suspended(Access),
}

impl Actor {
    /// Decides; pure, so that the page explains with the same function that the server refuses with.
    pub fn may(&self, permission: Permission, scope: Scope) -> Verdict {
        match (self, scope) {
            (Self::System { .. }, _) => Verdict::Allowed,
            (Self::Anonymous, _) => Verdict::SignIn,
            (Self::User { platform: Some(role), .. }, _) => {
                if role.grants(permission) {
                    Verdict::Allowed
                } else {
                    Verdict::Forbidden
                }
            }
            (Self::User { platform: None, .. }, Scope::Platform) => Verdict::Forbidden,
            (Self::User { memberships, .. }, Scope::Tenant(tenant)) => {
                match memberships.iter().find(|m| m.tenant == tenant) {
                    None => Verdict::Hidden,
                    Some(m) => inside(m.role.grants(permission), permission, m.access),
                }
            }
            (Self::PlatformKey { role, .. }, _) => {
                if role.grants(permission) && !permission.needs_person() {
                    Verdict::Allowed
                } else {
                    Verdict::Forbidden
                }
            }
            (Self::ApiKey { .. }, Scope::Platform) => Verdict::Forbidden,
            (Self::ApiKey { tenant, key, access, .. }, Scope::Tenant(asked)) => {
                if *tenant == asked {
                    inside(key.grants(permission), permission, *access)
                } else {
                    Verdict::Hidden
                }
            }
        }
    }

    pub fn allows(&self, permission: Permission, scope: Scope) -> bool {
        self.may(permission, scope) == Verdict::Allowed
    }

    pub fn is_platform(&self) -> bool {
        matches!(self, Self::System { .. } | Self::PlatformKey { .. } | Self::User { platform: Some(_), .. })
    }

    /// The name that stands in the audit log.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User { name, .. }
            | Self::ApiKey { name, .. }
            | Self::PlatformKey { name, .. }
            | Self::System { name } => name,
        }
    }
}

fn inside(granted: bool, permission: Permission, access: Access) -> Verdict {
    match access {
        Access::None => Verdict::Suspended(access),
        Access::ReadOnly if permission.writes() && granted => Verdict::Suspended(access),
        _ if granted => Verdict::Allowed,
        _ => Verdict::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_golden_file() {
        let mut table = String::new();
        for permission in Permission::ALL {
            let row: String =
                Role::ALL.iter().map(|role| if role.grants(*permission) { " x" } else { " ." }).collect();
            table.push_str(&format!("{:<20}{row}\n", permission.as_str()));
        }
        let header = Role::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(" ");
        let golden = include_str!("permission.golden.txt");
        assert_eq!(
            format!("{header}\n{table}"),
            golden,
            "the matrix changed: is that meant? then change the golden file"
        );
    }

    #[test]
    fn no_tenant_role_holds_a_platform_permission() {
        for permission in Permission::ALL.iter().filter(|p| p.is_platform()) {
            assert!(!Role::TenantAdmin.grants(*permission));
            assert!(!Role::TenantMember.grants(*permission));
        }
    }

    fn member(access: Access) -> (Actor, TenantId) {
        let tenant = TenantId(uuid::Uuid::from_u128(7));
        let membership =
            Membership { tenant, slug: "a".into(), tenant_name: "A".into(), role: Role::TenantAdmin, access };
        let actor = Actor::User {
            id: UserId(uuid::Uuid::from_u128(1)),
            name: "n".into(),
            email: "n@example.com".into(),
            platform: None,
            memberships: vec![membership],
        };
        (actor, tenant)
    }

    #[test]
    fn another_tenant_looks_missing() {
        let (actor, own) = member(Access::Full);
        assert_eq!(actor.may(Permission::TenantRead, Scope::Tenant(own)), Verdict::Allowed);
        assert_eq!(
            actor.may(Permission::TenantRead, Scope::Tenant(TenantId(uuid::Uuid::from_u128(8)))),
            Verdict::Hidden
        );
        assert_eq!(actor.may(Permission::TenantList, Scope::Platform), Verdict::Forbidden);
        assert_eq!(actor.may(Permission::TenantSuspend, Scope::Tenant(own)), Verdict::Forbidden);
    }

    #[test]
    fn a_platform_key_is_as_a_person_of_its_role_but_no_second_person() {
        let tenant = Scope::Tenant(TenantId(uuid::Uuid::from_u128(7)));
        for role in [Role::Operator, Role::Success, Role::Auditor] {
            let id = PlatformKeyId(uuid::Uuid::from_u128(1));
            let key = Actor::PlatformKey { id, name: "n".into(), role, maker: None };
            assert!(key.is_platform());
            for permission in Permission::ALL {
                let allowed = role.grants(*permission) && !permission.needs_person();
                let expected = if allowed { Verdict::Allowed } else { Verdict::Forbidden };
                assert_eq!(key.may(*permission, Scope::Platform), expected, "{role} {}", permission.as_str());
                assert_eq!(key.may(*permission, tenant), expected, "{role} {}", permission.as_str());
            }
            assert!(!key.allows(Permission::OperationApprove, Scope::Platform));
            for lets_in in [Permission::MemberManage, Permission::ApiKeyManage] {
                assert!(!key.allows(lets_in, tenant), "{role} lets nobody in who outlives the key");
            }
        }
    }

    #[test]
    fn suspension_takes_writing_or_everything() {
        let (reader, own) = member(Access::ReadOnly);
        assert_eq!(reader.may(Permission::TaskRead, Scope::Tenant(own)), Verdict::Allowed);
        assert_eq!(
            reader.may(Permission::TaskEnable, Scope::Tenant(own)),
            Verdict::Suspended(Access::ReadOnly)
        );
        let (blocked, own) = member(Access::None);
        assert_eq!(blocked.may(Permission::TaskRead, Scope::Tenant(own)), Verdict::Suspended(Access::None));
    }
}
