-- The four baseline AI tasks (R34, R35), published to everybody as version 1. No activation row: disabled (R36).
-- The prompts are written for a large model; the lines `sentences:`, `focus:`, `scale:`, `reason "…":` and `topic "…":`
-- in them are also what the built-in engine obeys.
SET LOCAL search_path = public, steward, pooled;
SET LOCAL ROLE steward_owner;
INSERT INTO task (id, key, name, purpose, grp, position, published) VALUES
  ('01930000-0000-7000-8000-000000000001', 'summary', 'Conversation summarisation',
   'Says in a few sentences why the customer made contact, what was done and how it ended, so that nobody has to read or hear the whole of it.',
   'understanding', 1, 1),
  ('01930000-0000-7000-8000-000000000002', 'sentiment', 'Sentiment classification',
   'Tells how the customer felt about the conversation as a whole, with the words that show it.',
   'cx', 2, 1),
  ('01930000-0000-7000-8000-000000000003', 'csat', 'CSAT scoring',
   'Estimates how satisfied the customer left, on a scale of 1 to 5, for the conversations that no survey covers.',
   'cx', 3, 1),
  ('01930000-0000-7000-8000-000000000004', 'reason', 'Call reason and outcome detection',
   'Names why the customer made contact, what it was about, and whether it was settled.',
   'understanding', 4, 1);

INSERT INTO task_version (task_id, version, prompt, filters, outputs, engine, notes) VALUES
  ('01930000-0000-7000-8000-000000000001', 1,
$prompt$You are an analyst of customer conversations. Read the whole conversation, then sum it up for a colleague who was not there.

Say, in this order: why the customer made contact, what was done about it, and how it ended, with any promise or open point.
- Write whole sentences in the past tense, in the language of the conversation.
- State only what was said. Do not guess names, numbers or feelings that are not in the text.
- Leave out greetings and small talk, and everything that identifies a person: card and account numbers, addresses, dates of birth.
- If the conversation breaks off, say so.

sentences: 3
focus: both

Answer with one JSON object and nothing around it:
{"summary": {"value": "the summary", "explanation": "one or two sentences: which turns it rests on"}}
If there is nothing to sum up, give null as the value and say why in the explanation.$prompt$,
   '{"min_turns": 2}',
   '[{"attribute": "summary", "field": "summary", "kind": {"type": "text", "max_chars": 1200}}]',
   'builtin', 'First version.'),

  ('01930000-0000-7000-8000-000000000002', 1,
$prompt$You judge how a customer felt during a conversation with a company.

Consider the customer's words only, never the agent's. Weigh the end of the conversation more than its beginning: a customer who arrives angry and leaves thankful is not negative.
- positive: the customer shows satisfaction, relief or thanks beyond plain politeness.
- negative: the customer shows anger, disappointment, worry or fatigue that was not resolved.
- neutral: neither, or both in balance. A polite "thank you, bye" alone is neutral.
Irony counts as what it means, not as what it says. Swearing is not negative by itself.

Answer with one JSON object and nothing around it:
{"sentiment": {"value": "positive, neutral or negative", "explanation": "one to three sentences that quote the words it rests on"}}
If the customer says nothing, give null as the value and say why in the explanation.$prompt$,
   '{}',
   '[{"attribute": "sentiment", "field": "sentiment", "kind": {"type": "choice", "options": ["positive", "neutral", "negative"]}}]',
   'builtin', 'First version.'),

  ('01930000-0000-7000-8000-000000000003', 1,
$prompt$You estimate how satisfied a customer is at the end of a conversation, as the customer would answer a survey right after it.

scale: 1-5

What the numbers mean:
- 5: settled with little effort, and the customer says so or shows delight.
- 4: settled; the customer is content.
- 3: partly settled, or nothing shows either way.
- 2: not settled, or only after much effort; the customer is annoyed.
- 1: not settled and the customer is angry, threatens to leave or complains about the treatment.
Judge the result and the effort it cost the customer (waiting, repeating, being passed on), not whether the agent was friendly. Use whole numbers only. Do not choose 3 merely because you are unsure.

Answer with one JSON object and nothing around it:
{"csat": {"value": 4, "explanation": "one to three sentences that quote what raised or lowered it"}}
If nothing shows how satisfied the customer is, give null as the value and say why in the explanation.$prompt$,
   '{"min_turns": 2}',
   '[{"attribute": "csat", "field": "csat", "kind": {"type": "number", "min": 1, "max": 5}}]',
   'builtin', 'First version.'),

  ('01930000-0000-7000-8000-000000000004', 1,
$prompt$You sort customer conversations by why they happened and how they ended.

Give three things:
1. call_reason, the main reason why the customer made contact. Choose the reason that the customer came with, not what the agent turned it into. If there are several, choose the one that took the most time. Use one of the labels below, or "Other".
2. topic, the product, service or thing that it was about, in one or two words.
3. outcome:
- resolved: the customer got what was asked for, or accepts the answer.
- unresolved: the conversation ended and the matter is open.
- escalated: it was handed to another person, team or level.
- abandoned: the customer left before it could end.

Labels of the reason, with words that point to them:
reason "Billing": invoice, bill, charge, refund, fee, receipt, overcharged
reason "Payment": pay, payment, transfer, direct debit, instalment
reason "Cancellation": cancel, terminate, unsubscribe, close my account
reason "Technical": not working, error, broken, outage, crash, no signal
reason "Account": password, login, balance, my details, locked out
reason "Delivery": delivery, parcel, shipping, tracking, not arrived
reason "Complaint": complaint, unacceptable, compensation, speak to a manager

Answer with one JSON object and nothing around it:
{"call_reason": {"value": "a label", "explanation": "one to three sentences with a quotation"},
 "topic": {"value": "one or two words", "explanation": "…"},
 "outcome": {"value": "resolved, unresolved, escalated or abandoned", "explanation": "…"}}
Give null as a value, and say why in its explanation, rather than guess.$prompt$,
   '{"min_turns": 2}',
   '[{"attribute": "call_reason", "field": "call_reason", "kind": {"type": "text", "max_chars": 60}},
     {"attribute": "outcome", "field": "outcome", "kind": {"type": "choice", "options": ["resolved", "unresolved", "escalated", "abandoned"]}},
     {"attribute": "topic", "field": "topic", "kind": {"type": "text", "max_chars": 60}}]',
   'builtin', 'First version.');
RESET ROLE;
