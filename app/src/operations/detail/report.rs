//! The operation as plain text: for a ticket, a mail, a colleague.

use super::steps::log_text;
use crate::operations::parts::title;
use crate::ui::{self, Card, Copy};
use leptos::prelude::*;
use model::operations::Operation;

pub(super) fn diagnostics(op: &Operation) -> AnyView {
    let text = report(op);
    let aside = view! { <Copy value=text.clone() label="Copy diagnostics".to_owned()/> };
    view! {
        <Card id="diagnostics" title="Diagnostics" aside=aside.into_any()>
            <details class="c-disclosure"><summary>"Everything above as text, to pass on"</summary><pre class="c-code" tabindex="0"><code>{text}</code></pre></details>
        </Card>
    }
    .into_any()
}

fn report(op: &Operation) -> String {
    let row = &op.row;
    let mut lines = vec![
        title(row),
        format!("operation   {}", row.id),
        format!("tenant      {}", row.tenant),
        format!("state       {} (version {})", row.state.as_str(), row.version),
        format!("requested   {} by {}", row.requested_at.to_rfc3339(), row.requested_by),
        format!("request id  {}", op.request_id),
    ];
    lines.extend(row.error.iter().map(|error| format!("error       {error}")));
    lines.push(String::new());
    for step in &op.steps {
        let took = step.duration_ms().map(|ms| format!(" {}", ui::span(ms))).unwrap_or_default();
        lines.push(format!(
            "{:>2} {:<14} {:<11} attempt {}{took}",
            step.seq,
            step.name,
            step.state.as_str(),
            step.attempt
        ));
        lines.extend(step.error.iter().map(|error| format!("   error: {error}")));
    }
    let log = log_text(op);
    if !log.is_empty() {
        lines.extend([String::new(), log]);
    }
    lines.push(format!("as of {}", op.now.to_rfc3339()));
    lines.join("\n")
}
