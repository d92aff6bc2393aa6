/** Another plan, asked for by a tenant’s admin: withdrawn, refused with a reason, approved, and what waits above each page. */
import { credentials, expect, expectAccessible, test } from '../fixtures/index.ts'
import type { Page } from '@playwright/test'

// The demo fleet has one tenant admin; so these go one after the other on that tenant, and leave its plan as it was.
test.describe.serial('a tenant’s admin asks for another plan', () => {
  // Read when a test runs: the server writes it.
  const own = () => `/tenants/${credentials('tenant_admin').tenant}`
  const request = (page: Page) => page.getByRole('region', { name: 'Another plan, asked for' })
  let before = ''

  /** Chooses another plan than the tenant has, and asks for it. */
  async function ask(page: Page, reason: string): Promise<void> {
    await page.goto(own())
    await page.getByRole('link', { name: 'Ask for another plan…' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Plan: ')
    // A run that was broken off may have left one.
    const left = page.getByRole('button', { name: 'Withdraw the request' })
    if (await left.isVisible()) {
      await left.click()
      await expect(left).toHaveCount(0)
    }
    before = await page.getByRole('radio', { name: /\(now\)/ }).inputValue()
    const other = before === 'enterprise' ? /^Professional/ : /^Enterprise/
    await page.getByRole('radio', { name: other }).check()
    await page.getByRole('button', { name: 'Show what changes' }).click()
    await expect(page.getByRole('table', { name: 'Limits now and then' })).toBeVisible()
    await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: /^Ask for / }).click()
    await expect(page.getByRole('status').filter({ hasText: 'Asked for.' })).toBeVisible()
    await expect(request(page)).toContainText('Waits for a decision')
  }

  /** The operator finds it among what waits for approval, and stands on it. */
  async function find(page: Page): Promise<void> {
    await page.goto(own())
    const strip = page.locator('.c-banner').filter({ hasText: 'Change plan: waits for a decision' })
    await strip.getByRole('link', { name: 'Open the operation' }).click()
    await expect(page.getByRole('heading', { name: 'It waits for a second person' })).toBeVisible()
    const address = new URL(page.url()).pathname
    await page.goto('/operations?state=requested&kind=change_plan')
    await page.locator(`a[href="${address}"]`).first().click()
    await expect(page).toHaveURL(address)
  }

  test('and takes it back', async ({ as }) => {
    const page = await as('tenant_admin')
    await ask(page, 'We open three offices.')
    await expectAccessible(page)
    await expect(request(page)).toContainText('We open three offices.')
    // No second one beside it.
    await page.goto(`${own()}/plan?plan=${before === 'starter' ? 'professional' : 'starter'}`)
    await expect(page.getByRole('button', { name: /^Ask for / })).toHaveCount(0)
    // It stands above every page of the tenant.
    await page.goto(`${own()}/tasks`)
    await expect(page.locator('.c-banner').filter({ hasText: 'Change plan: waits for a decision' })).toBeVisible()
    await page.goto(`${own()}/plan`)
    await page.getByRole('button', { name: 'Withdraw the request' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'is withdrawn' })).toBeVisible()
    await expect(request(page)).toContainText('Withdrawn or called off')
    await expect(page.getByRole('button', { name: 'Withdraw the request' })).toHaveCount(0)
  })

  test('and reads why it is refused', async ({ as }) => {
    const [admin, operator] = [await as('tenant_admin'), await as('operator')]
    await ask(admin, 'We grow.')
    await find(operator)
    await operator.getByLabel('Note (optional)').fill('Your contract ends first.')
    await operator.getByRole('button', { name: 'Reject', exact: true }).click()
    await expect(operator.getByRole('heading', { name: 'It was rejected' })).toBeVisible()
    await admin.goto(`${own()}/plan`)
    await expect(request(admin)).toContainText('Refused')
    await expect(request(admin)).toContainText('Your contract ends first.')
  })

  test('and has the new plan once an operator has approved it', async ({ as }) => {
    const [admin, operator] = [await as('tenant_admin'), await as('operator')]
    await ask(admin, 'We grow.')
    await find(operator)
    await operator.getByRole('link', { name: 'What the change would mean' }).click()
    await expect(operator.getByText('A change of plan waits for a decision')).toBeVisible()
    await operator.getByRole('link', { name: 'Look at it and decide' }).click()
    await operator.getByLabel('Note (optional)').fill('Checked with sales.')
    await operator.getByRole('button', { name: 'Approve', exact: true }).click()
    await expect(operator.getByRole('heading', { name: 'It is done' })).toBeVisible({ timeout: 40_000 })

    await admin.goto(`${own()}/plan`)
    await expect(request(admin)).toContainText('Approved and made')
    await expect(request(admin)).not.toContainText('Checked with sales.')
    expect(await admin.getByRole('radio', { name: /\(now\)/ }).inputValue()).not.toBe(before)
    await expect(async () => {
      await admin.goto(`${own()}/notifications?event=tenant.plan_request_decided`)
      await expect(admin.getByRole('row').filter({ hasText: 'Plan request decided' }).first()).toBeVisible({ timeout: 500 })
    }).toPass({ timeout: 30_000 })

    // As it was.
    await operator.goto(`${own()}/plan?plan=${before}`)
    await operator.getByRole('button', { name: /^Change to/ }).click()
    await expect(operator.getByRole('status').filter({ hasText: 'plan now' })).toBeVisible()
    await admin.goto(`${own()}/plan`)
    expect(await admin.getByRole('radio', { name: /\(now\)/ }).inputValue()).toBe(before)
  })

  test('of their own tenant only', async ({ as, tenant }) => {
    const page = await as('tenant_admin')
    expect((await page.goto(`/tenants/${tenant.slug}/plan`))?.status()).toBe(404)
  })
})

test.describe('on a phone, in the dark', () => {
  test.use({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })

  test('the plans and what they would change can be read', async ({ as }) => {
    const page = await as('tenant_admin')
    await page.goto(`/tenants/${credentials('tenant_admin').tenant}/plan`)
    await page.getByRole('radio').first().check()
    await page.getByRole('button', { name: 'Show what changes' }).click()
    await expect(page).toHaveURL(/plan=/)
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })
})
