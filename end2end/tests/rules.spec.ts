/** What waits: plan changes for their day (R65), and operations for a second person (R10, R11). */
import type { Page } from '@playwright/test'
import { action, conversation, createKey, expect, expectAccessible, suspend, test, type Tenant } from '../fixtures/index.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A day so many days from now, as a date field takes it and as the pages write it. */
function day(days: number): { typed: string; written: string } {
  const at = new Date(Date.now() + days * 86_400_000)
  return {
    typed: at.toISOString().slice(0, 10),
    written: `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`,
  }
}

const told = (page: Page, text: string | RegExp) => expect(page.getByRole('status').filter({ hasText: text })).toBeVisible()
const refused = (page: Page) => expect(page.getByRole('alert').filter({ hasText: /problem/ })).toBeVisible()

for (const script of [true, false]) {
  test.describe(script ? 'a plan change on a day, with a script' : 'a plan change on a day, without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('it is scheduled, listed, moved and cancelled', async ({ as, tenant }) => {
      const page = await as('operator')
      const listed = page.getByRole('table', { name: 'Scheduled plan changes' }).getByRole('row').filter({ hasText: tenant.slug })
      const panel = page.getByRole('region', { name: 'Scheduled plan change' })
      const [first, second] = [day(40), day(55)]

      await test.step('a day that is over is refused, and what was typed stays', async () => {
        await page.goto(`/tenants/${tenant.slug}/plan?plan=enterprise`)
        const later = page.getByRole('region', { name: 'On a later day' })
        await later.getByLabel('Day', { exact: true }).fill(day(-2).typed)
        await later.getByLabel('Note (optional)').fill('Their new contract.')
        await later.getByRole('button', { name: 'Schedule the change to Enterprise' }).click()
        await expect(later.getByLabel('Day', { exact: true })).toHaveAttribute('aria-invalid', 'true')
        await expect(later.getByLabel('Day', { exact: true })).toHaveValue(day(-2).typed)
        await expect(later.getByLabel('Note (optional)')).toHaveValue('Their new contract.')
        if (script) await expectAccessible(page)

        await later.getByLabel('Day', { exact: true }).fill(first.typed)
        await later.getByRole('button', { name: 'Schedule the change to Enterprise' }).click()
        await told(page, `${tenant.name} moves to Enterprise on ${first.written}.`)
      })

      await test.step('the tenant’s pages and the list of all say so', async () => {
        await expect(panel).toContainText('to Enterprise')
        await expect(panel).toContainText('Their new contract.')
        await expect(panel.locator(`time[datetime^="${first.typed}"]`).first()).toBeVisible()
        if (script) await expectAccessible(page)
        // By hand the plan stays what it is until then.
        await page.goto(`/tenants/${tenant.slug}/plan?plan=enterprise`)
        await expect(page.getByText('A change is scheduled already. Cancel it first, or change its day.')).toBeVisible()
        await expect(page.getByRole('button', { name: /^(Change|Schedule the change) to/ })).toHaveCount(0)

        await page.goto('/plan-changes')
        await expect(listed).toContainText('Scheduled')
        await expect(listed.locator(`time[datetime^="${first.typed}"]`)).toBeVisible()
        if (script) await expectAccessible(page)
        await listed.getByRole('link', { name: tenant.name }).click()
        await expect(page).toHaveURL(`/tenants/${tenant.slug}/plan`)
        await page.goto(`/tenants/${tenant.slug}`)
        await panel.getByRole('link', { name: 'Change or cancel' }).click()
        await expect(page).toHaveURL(`/tenants/${tenant.slug}/plan`)
      })

      await test.step('another day needs a reason', async () => {
        const move = page.getByRole('region', { name: 'Another day' })
        await expect(move.getByLabel('New day', { exact: true })).toHaveValue(first.typed)
        await move.getByLabel('New day', { exact: true }).fill(second.typed)
        await move.getByRole('button', { name: 'Change the day' }).click()
        await expect(move.getByLabel('Reason for the new day')).toHaveAttribute('aria-invalid', 'true')
        await expect(move.getByLabel('New day', { exact: true })).toHaveValue(second.typed)
        await move.getByLabel('Reason for the new day').fill('They asked for two weeks more.')
        await move.getByRole('button', { name: 'Change the day' }).click()
        await told(page, `The plan changes on ${second.written} now.`)
        await expect(panel.locator(`time[datetime^="${second.typed}"]`).first()).toBeVisible()
        await page.goto('/plan-changes')
        await expect(listed.locator(`time[datetime^="${second.typed}"]`)).toBeVisible()
      })

      await test.step('cancelled it is gone, and the plan can be changed by hand again', async () => {
        await page.goto(`/tenants/${tenant.slug}/plan`)
        const cancel = page.getByRole('region', { name: 'Cancel it' })
        await cancel.getByLabel('Reason').fill('They stay where they are.')
        await cancel.getByRole('button', { name: 'Cancel the plan change' }).click()
        await told(page, `The plan change is cancelled. ${tenant.name} stays on its plan.`)
        await expect(panel).toHaveCount(0)
        await page.goto('/plan-changes')
        await expect(page.getByRole('heading', { level: 1, name: 'Scheduled plan changes' })).toBeVisible()
        await expect(listed).toHaveCount(0)
        await page.goto(`/tenants/${tenant.slug}/plan?plan=enterprise`)
        await expect(page.getByRole('button', { name: 'Schedule the change to Enterprise' })).toBeVisible()
      })
    })
  })
}

test('customer success sees what is scheduled and changes nothing', async ({ as, tenant }) => {
  const page = await as('success')
  expect((await page.goto(`/tenants/${tenant.slug}/plan`))?.status()).toBe(403)
  await page.goto('/plan-changes')
  await expect(page.getByRole('heading', { level: 1, name: 'Scheduled plan changes' })).toBeVisible()
})

// One after the other: a rule about a second person holds for the whole platform while the last test runs. It is the one
// for changes of scope because no other spec makes any.
test.describe.serial('how far a suspension goes', () => {
  const rule = '/settings/approvals/change_scope'

  async function askToBlock(page: Page, tenant: Tenant, reason: string): Promise<void> {
    await page.goto(`/tenants/${tenant.slug}/scope`)
    await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: 'Block tenant' }).click()
  }

  async function setRule(page: Page, whom: 'Always' | 'Never', reason: string): Promise<void> {
    await page.goto(rule)
    await page.getByRole('radio', { name: new RegExp(`^${whom}`) }).check()
    await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: 'Save rule' }).click()
    await told(page, `Change scope waits for a second person: ${whom.toLowerCase()}.`)
  }

  test('from read-only to blocked and back, and keys follow at once', async ({ as, tenant, api }) => {
    const page = await as('operator')
    const program = api(await createKey(page, tenant.slug, 'Read and write'))
    await page.goto(`/tenants/${tenant.slug}`)
    await expect(page.getByRole('link', { name: 'Change scope…', includeHidden: true })).toHaveCount(0)
    await suspend(page, tenant.slug, { why: 'Security incident', scope: 'Read-only', reason: 'A key leaked.' })
    await expect(page.getByText('Suspended, read-only')).toBeVisible()
    expect((await program.get('/tenant')).status()).toBe(200)
    expect((await program.sendOne(conversation('one'))).status()).toBe(403)

    await (await action(page, 'Change scope…')).click()
    await expect(page.getByRole('heading', { level: 1, name: `Change scope: ${tenant.name}` })).toBeVisible()
    await expectAccessible(page)
    await page.getByLabel('Message to the tenant (optional)').fill('We had to close it.')
    await page.getByRole('button', { name: 'Block tenant' }).click()
    await refused(page)
    await expect(page.getByLabel('Message to the tenant (optional)')).toHaveValue('We had to close it.')
    await page.getByLabel('Reason').fill('It leaks still.')
    await page.getByRole('button', { name: 'Block tenant' }).click()
    await told(page, `The scope of ${tenant.name}’s suspension is changed.`)
    await expect(page.getByText('Suspended, blocked')).toBeVisible()
    await expect(page.getByText('We had to close it.').first()).toBeVisible()
    expect((await program.get('/tenant')).status()).toBe(403)
    expect((await program.sendOne(conversation('two'))).status()).toBe(403)

    await (await action(page, 'Change scope…')).click()
    await page.getByLabel('Reason').fill('The key is revoked.')
    await page.getByRole('button', { name: 'Make it read-only' }).click()
    await expect(page.getByText('Suspended, read-only')).toBeVisible()
    expect((await program.get('/tenant')).status()).toBe(200)
    expect((await program.sendOne(conversation('three'))).status()).toBe(403)
  })

  test('operators read the rules about a second person, owners change them', async ({ as }) => {
    const page = await as('operator')
    await page.goto('/settings/approvals')
    const rules = page.getByRole('table', { name: 'Approval rules' })
    await expect(rules.getByRole('row', { name: /^Change scope/ })).toContainText('Never')
    const template = rules.getByRole('row', { name: /^Apply template/ })
    await expect(template).toContainText('Each tenant of a roll-out waits by itself')
    await expect(template).toContainText('Never')
    await expect(page.getByText('Owners change these rules')).toBeVisible()
    await rules.getByRole('link', { name: 'Show the rule for change scope' }).click()
    await expect(page.getByText('Only owners change these rules.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Save rule' })).toHaveCount(0)
  })

  test('with the rule on it waits; rejected nothing happens, approved it does', async ({ as, tenant, api }) => {
    const page = await as('operator')
    const owner = await as('owner')
    const program = api(await createKey(page, tenant.slug, 'Read-only'))
    await suspend(page, tenant.slug, { why: 'Security incident', scope: 'Read-only', reason: 'A key leaked.' })
    await expect(page.getByText('Suspended, read-only')).toBeVisible()

    try {
      await test.step('an owner turns it on, with a reason', async () => {
        await owner.goto('/settings/approvals')
        await owner.getByRole('link', { name: 'Change the rule for change scope' }).click()
        await expectAccessible(owner)
        await owner.getByRole('radio', { name: /^Always/ }).check()
        await owner.getByRole('button', { name: 'Save rule' }).click()
        await refused(owner)
        await expect(owner.getByRole('radio', { name: /^Always/ })).toBeChecked()
        await setRule(owner, 'Always', 'Four eyes on what closes a customer out.')
        const row = owner.getByRole('table', { name: 'Approval rules' }).getByRole('row', { name: /^Change scope/ })
        await expect(row).toContainText('Always')
      })

      await test.step('what is asked for waits, and whoever asked cannot approve it', async () => {
        await askToBlock(page, tenant, 'It leaks still.')
        await told(page, 'It begins when a second person has approved it.')
        await expect(page.getByRole('heading', { name: 'It waits for a second person' })).toBeVisible()
        await expectAccessible(page)
        await page.getByText('What cannot be done now, and why').click()
        await expect(page.getByRole('button', { name: 'Approve' })).toHaveAccessibleDescription('Whoever asked for it, or made the key that asked, cannot approve it as well.')
        expect((await program.get('/tenant')).status()).toBe(200)
      })
      const first = new URL(page.url()).pathname

      await test.step('a second request for the same is not taken', async () => {
        await askToBlock(page, tenant, 'Once more.')
        await expect(page.getByRole('alert').filter({ hasText: 'it waits for a second person' })).toBeVisible()
        await expect(page.getByLabel('Reason')).toHaveValue('Once more.')
      })

      await test.step('a second person rejects it, which needs a note', async () => {
        await owner.goto('/operations?state=requested&kind=change_scope')
        await owner.getByRole('link', { name: `Change scope ${tenant.name}` }).click()
        await expect(owner).toHaveURL(first)
        await owner.getByRole('button', { name: 'Reject' }).click()
        await refused(owner)
        await owner.getByLabel('Note (optional)').fill('Talk to them first.')
        await owner.getByRole('button', { name: 'Reject' }).click()
        await expect(owner.getByRole('heading', { name: 'It was rejected' })).toBeVisible()
        await page.goto(`/tenants/${tenant.slug}`)
        await expect(page.getByText('Suspended, read-only')).toBeVisible()
        expect((await program.get('/tenant')).status()).toBe(200)
      })

      await test.step('asked for again and approved it begins', async () => {
        await askToBlock(page, tenant, 'They do not answer.')
        await expect(page.getByRole('heading', { name: 'It waits for a second person' })).toBeVisible()
        await owner.goto(new URL(page.url()).pathname)
        await owner.getByRole('button', { name: 'Approve' }).click()
        await expect(owner.getByRole('heading', { name: 'It is done' })).toBeVisible({ timeout: 40_000 })
        await page.goto(`/tenants/${tenant.slug}`)
        await expect(page.getByText('Suspended, blocked')).toBeVisible()
        expect((await program.get('/tenant')).status()).toBe(403)
      })
    } finally {
      // As it was: nobody else is to wait for a second person.
      await owner.goto(rule)
      if (!(await owner.getByRole('radio', { name: /^Never/ }).isChecked())) await setRule(owner, 'Never', 'The test is over.')
    }
  })
})
