/**
 * What a person does about an operation that did not work (issue 3, items 2 and 3): read why, mend it, try again, roll
 * back, call off, pass on what is known. Nothing fails here by a switch for tests: a template is deprecated between
 * request and approval, a bill turns up between preview and confirmation.
 */
import type { Page } from '@playwright/test'
import { createTenant, expect, expectAccessible, suspend, test, unique, type Tenant } from '../fixtures/index.ts'
import { ends, move, owe, publishTemplate, settle } from '../fixtures/operations.ts'

const told = (page: Page, text: string | RegExp) => expect(page.getByRole('status').filter({ hasText: text })).toBeVisible()
const outcomes = (page: Page) => page.getByRole('table', { name: 'Tenants of the set' })

/** Two tenants that one search finds, and nobody else. */
async function pair(page: Page): Promise<Tenant[]> {
  const word = `Many${unique()}`
  return [await createTenant(page, word), await createTenant(page, word)]
}

async function tick(page: Page, tenants: Tenant[]): Promise<void> {
  const word = tenants[0]?.name.split(' ')[0] ?? ''
  await page.goto(`/tenants?q=${word}&select=on`)
  for (const { name } of tenants) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
}

const choose = (page: Page, action: string) =>
  page.getByRole('region', { name: 'Bulk actions' }).getByRole('button', { name: `${action}…` }).click()

/** Opens the page of the newest operation of this name on a tenant that failed. */
async function openFailed(page: Page, tenant: Tenant, title: string): Promise<void> {
  await page.goto(`/operations?tenant=${tenant.slug}&state=failed`)
  await page.getByRole('link', { name: title }).click()
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
}

for (const script of [true, false]) {
  test.describe(script ? 'with a script' : 'without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('a failure says why; once that is mended, Retry brings it to its end', async ({ as, tenant }) => {
      const page = await as('operator')
      await suspend(page, tenant.slug, { why: 'Payment failure', scope: 'Read-only', reason: 'A bill is open.' })
      await expect(page.getByText('Suspended, read-only')).toBeVisible()
      await owe(page, tenant.slug, 'INV-1')

      await page.goto(`/tenants/${tenant.slug}/reinstate`)
      await page.getByLabel('Proof that the cause is gone').fill('They say that it is paid.')
      await page.getByRole('button', { name: 'Reinstate tenant' }).click()
      await expect(page.getByText('Not paid yet: INV-1. Settle it first, under Billing.').first()).toBeVisible()
      await expect(page.getByLabel('Proof that the cause is gone')).toHaveValue('They say that it is paid.')

      await openFailed(page, tenant, `Reinstate ${tenant.name}`)
      const address = page.url()
      await expect(page.getByRole('heading', { level: 2, name: 'It failed, and everything is undone' })).toBeVisible()
      await expect(page.getByText('Not paid yet: INV-1. Settle it first, under Billing.').first()).toBeVisible()
      const steps = page.getByRole('region', { name: 'Steps' })
      await expect(steps.getByRole('listitem').filter({ hasText: 'Check that the cause is gone' })).toContainText('failed')
      await expect(steps.getByRole('listitem').filter({ hasText: 'Reinstate it' })).toContainText('not begun')
      if (script) await expectAccessible(page)

      await settle(page, tenant.slug, 'INV-1')
      await page.goto(address)
      await page.getByLabel('Note (optional)').fill('The transfer is there.')
      await move(page, 'Retry')
      if (!script) await told(page, 'It is tried again.')
      await ends(page, 'It is done')
      await expect(steps.getByRole('listitem').filter({ hasText: 'done' })).toHaveCount(3)

      await page.goto(`/tenants/${tenant.slug}`)
      await expect(page.getByRole('heading', { level: 1, name: tenant.name })).toBeVisible()
      await expect(page.getByText('Suspended, read-only')).toHaveCount(0)
      await page.goto(`/tenants/${tenant.slug}/audit`)
      for (const action of ['operation.failed', 'operation.retry', 'tenant.reinstate'])
        await expect(page.getByRole('row').filter({ hasText: action }).first()).toBeVisible()
    })
  })
}

test('what cannot be mended is passed on as text and rolled back', async ({ as }) => {
  test.slow()
  const page = await as('operator')
  const template = await publishTemplate(page)
  const word = unique()
  const tenant = { name: `Failing ${word}`, slug: `failing-${word}` }

  await test.step('asked for, it waits for a second person, and its template is deprecated meanwhile', async () => {
    const next = async (to: string) => {
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect(page).toHaveURL(new RegExp(`/tenants/new/[0-9a-f-]{36}/${to}$`))
    }
    await page.goto('/tenants/new')
    await page.getByRole('radio', { name: new RegExp(`^${template.name}, version 1`) }).check()
    await next('identity')
    await page.getByLabel('Name', { exact: true }).fill(tenant.name)
    await page.getByLabel('Slug (optional)').fill(tenant.slug)
    await next('plan')
    await page.getByRole('radio', { name: /^Professional/ }).check()
    await page.getByRole('radio', { name: /^A schema of its own/ }).check()
    await next('people')
    await page.getByLabel('Name (optional)').fill('Ada Lovelace')
    await page.getByLabel('E-mail (optional)').fill(`ada@${tenant.slug}.example`)
    await next('review')
    await page.getByRole('button', { name: 'Create tenant' }).click()
    await expect(page.getByRole('heading', { name: 'It waits for a second person' })).toBeVisible()
  })
  const address = page.url()
  await page.goto(`/templates/${template.key}/deprecate?version=1`)
  await page.getByLabel('Reason').fill('It was a mistake.')
  await page.getByRole('button', { name: 'Deprecate version 1' }).click()
  await told(page, 'Version 1 is deprecated')

  await test.step('approved, it fails and says why', async () => {
    const owner = await as('owner')
    await owner.goto(address)
    await move(owner, 'Approve')
    await page.goto(address)
    await ends(page, 'It failed, and everything is undone')
    await expect(page.getByText(`Version 1 of ${template.name} is deprecated. Choose a newer one.`).first()).toBeVisible()
    await expectAccessible(page)
  })

  const log = page.getByRole('region', { name: 'Log' })
  await test.step('tried again without mending anything, it fails again', async () => {
    await move(page, 'Retry')
    await ends(page, 'It failed, and everything is undone')
    await expect(log).toContainText(/What was done is being undone[^]*What was done is being undone/)
  })

  await test.step('all that is known of it is one text', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await expect(page.locator('html')).toHaveAttribute('data-hydrated', '')
    await page.getByRole('button', { name: 'Copy diagnostics' }).click()
    await expect(page.getByRole('button', { name: 'Copy diagnostics' }).getByRole('status')).toHaveText('Copied')
    const text = await page.evaluate(() => navigator.clipboard.readText())
    for (const known of [
      `Provision ${tenant.name}`,
      new URL(address).pathname.split('/').at(-1) ?? '',
      'state       failed',
      'approved    ',
      'is deprecated. Choose a newer one.',
      '"template_version": 1',
      `"slug": "${tenant.slug}"`,
      'server      ',
    ])
      expect(text).toContain(known)
    // A ticket travels far: who was to be let in does not stand in it.
    expect(text).toContain('"admin": "1 person"')
    expect(text).not.toContain('Lovelace')
    expect(text).not.toContain(`ada@${tenant.slug}.example`)
  })

  await test.step('rolled back, its names are free and nothing of it is left', async () => {
    await page.getByLabel('Note (optional)').fill('Asked for anew with another template.')
    await move(page, 'Roll back')
    await ends(page, 'It is rolled back')
    await expect(page.getByRole('button', { name: 'Retry', exact: true })).not.toBeVisible()
    expect((await page.goto(`/tenants/${tenant.slug}`))?.status()).toBe(404)
  })
})

test('of bulk work only what failed is tried again', async ({ as }) => {
  test.slow()
  const page = await as('operator')
  const other = await page.context().newPage()
  const tenants = await pair(page)
  for (const { slug } of tenants) {
    await suspend(page, slug, { why: 'Payment failure', scope: 'Read-only', reason: 'A bill was open.' })
    await expect(page.getByText('Suspended, read-only')).toBeVisible()
  }
  await tick(page, tenants)
  await choose(page, 'Reinstate')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Preview: Reinstate 2 tenants' })).toBeVisible()
  // Between the preview and its confirmation a bill turns up.
  const [paid, owing] = tenants as [Tenant, Tenant]
  await owe(other, owing.slug, 'INV-2')
  await page.getByLabel('Reason').fill('Both have paid.')
  await page.getByRole('button', { name: 'Reinstate 2 tenants' }).click()
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/)
  await ends(page, 'It stopped before its end')
  await expect(page.getByText('1 done, 1 failed.', { exact: true })).toBeVisible()
  await expect(outcomes(page).getByRole('row', { name: new RegExp(owing.name) })).toContainText('Failed')
  await expect(outcomes(page).getByRole('row', { name: new RegExp(paid.name) })).toContainText('Done')
  await expect(page.getByText('every tenant that failed is tried again, as it is now.')).toBeVisible()
  await expectAccessible(page)

  await settle(other, owing.slug, 'INV-2')
  await move(page, 'Retry failed')
  await ends(page, 'It is done')
  await expect(outcomes(page).getByText('Done')).toHaveCount(2)
  for (const { slug } of tenants) {
    await other.goto(`/tenants/${slug}`)
    await expect(other.getByText('Suspended, read-only')).toHaveCount(0)
  }
})

// A rule about a second person holds for the whole platform. It is the one for changes from or to Free because no other
// spec makes any: while it holds, bulk work is under way for as long as nobody decides, and can be called off.
test('what runs is called off, and what had not begun does not begin', async ({ as }) => {
  test.slow()
  const page = await as('operator')
  const owner = await as('owner')
  const setRule = async (whom: 'For some tenants' | 'Never') => {
    await owner.goto('/settings/approvals/change_plan')
    await owner.getByRole('radio', { name: new RegExp(`^${whom}`) }).check()
    const plan = owner.getByRole('checkbox', { name: 'Tenants on Free' })
    await plan.setChecked(whom !== 'Never')
    await owner.getByLabel('Reason').fill('For a test.')
    await owner.getByRole('button', { name: 'Save rule' }).click()
    await told(owner, 'Change plan waits for a second person')
  }
  const tenants = await pair(page)
  await setRule('For some tenants')
  try {
    await tick(page, tenants)
    await choose(page, 'Change plan')
    await page.getByRole('radio', { name: /^Free/ }).check()
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByLabel('Reason').fill('They wished for less.')
    await page.getByRole('button', { name: 'Move 2 tenants to Free' }).click()
    await ends(page, 'Tenant by tenant')
    await expect(async () => {
      await page.reload()
      await expect(outcomes(page).getByText('Awaiting approval')).toHaveCount(2, { timeout: 500 })
    }).toPass({ timeout: 15_000 })

    await page.getByLabel('Note (optional)').fill('They stay where they are.')
    await move(page, 'Cancel')
    await ends(page, 'It was called off')
    await expect(outcomes(page).getByText('Called off')).toHaveCount(2)
  } finally {
    await setRule('Never')
  }
  for (const { slug } of tenants) {
    await page.goto(`/tenants/${slug}`)
    const plan = page.getByRole('region', { name: 'Key facts' }).getByRole('definition').filter({ hasText: 'Starter' })
    await expect(plan).toBeVisible()
  }
})
