/** What is on record about a tenant: changed by an operator, read by the tenant’s admin, billed under a reference. */
import type { Page } from '@playwright/test'
import { credentials, expect, expectAccessible, test, unique } from '../fixtures/index.ts'

const done = (page: Page) => page.getByRole('status').filter({ hasText: 'are saved.' })

/** Chooses the first who may look after it, and says who that is. */
async function chooseOwner(page: Page): Promise<string> {
  const owner = page.getByLabel('Owner', { exact: true })
  await owner.selectOption({ index: 1 })
  const text = await owner.locator('option:checked').textContent()
  return (text ?? '').replace(/ \(.*\)$/, '')
}

for (const script of [true, false]) {
  test.describe(script ? 'with a script' : 'without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('an operator changes what is on record, and it stands in the log with what it was', async ({ as, tenant }) => {
      const page = await as('operator')
      await page.goto(`/tenants/${tenant.slug}`)
      await page.getByRole('link', { name: 'Change details' }).click()
      await expect(page.getByLabel('Name', { exact: true })).toHaveValue(tenant.name)
      await expect(page.getByLabel('Domain (optional)')).toHaveValue(`${tenant.slug}.example`)
      if (script) await expectAccessible(page)
      const word = unique()
      await page.getByLabel('Name', { exact: true }).fill(`Renamed ${word}`)
      await page.getByLabel('External id (optional)').fill(`CRM-${word}`)
      await page.getByLabel('Industry (optional)').fill('Retail')
      await page.getByLabel('Tags (optional)').fill('Partner, vip')
      const owner = await chooseOwner(page)
      await page.getByRole('button', { name: 'Save details' }).click()
      await expect(page.getByRole('alert').getByText('A reason is needed.')).toBeVisible()
      await expect(page.getByLabel('Name', { exact: true })).toHaveValue(`Renamed ${word}`)
      if (script) await expectAccessible(page)
      await page.getByLabel('Reason').fill('They were bought.')
      await page.getByRole('button', { name: 'Save details' }).click()
      await expect(done(page)).toBeVisible()
      await expect(page.getByRole('heading', { level: 1, name: `Renamed ${word}` })).toBeVisible()
      await expect(page.getByLabel('Tags (optional)')).toHaveValue('partner, vip')

      await page.goto(`/tenants/${tenant.slug}`)
      const facts = page.getByRole('region', { name: 'Key facts' })
      await expect(facts).toContainText(`CRM-${word}`)
      await expect(facts).toContainText(owner)
      await page.goto(`/tenants/${tenant.slug}/audit`)
      await expect(page.getByText('tenant.change_details').first()).toBeVisible()
      // The directory finds it by all of it.
      await page.goto(`/tenants?q=CRM-${word}`)
      await expect(page.getByRole('table', { name: 'Tenants' }).getByRole('rowheader')).toContainText([`Renamed ${word}`])
    })
  })
}

test('whoever was slower is told, and keeps what was typed', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/details`)
  const other = await page.context().newPage()
  await other.goto(`/tenants/${tenant.slug}/details`)
  await other.getByLabel('Country (optional)').fill('Kenya')
  await other.getByLabel('Reason').fill('It was missing.')
  await other.getByRole('button', { name: 'Save details' }).click()
  await expect(done(other)).toBeVisible()
  await page.getByLabel('Industry (optional)').fill('Retail')
  await page.getByLabel('Reason').fill('It was missing.')
  await page.getByRole('button', { name: 'Save details' }).click()
  await expect(page.getByRole('alert').getByText(/changed its details on .* Nothing was done\./)).toBeVisible()
  await expect(page.getByLabel('Industry (optional)')).toHaveValue('Retail')
  await page.getByLabel('Country (optional)').fill('Kenya')
  await page.getByRole('button', { name: 'Save details' }).click()
  await expect(done(page)).toBeVisible()
})

test('what it is billed under is kept on its billing page', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/billing`)
  await page.getByLabel('Billing reference (optional)').fill('PO 4711')
  await page.getByRole('button', { name: 'Save reference' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'The billing reference is saved.' })).toBeVisible()
  await expect(page.getByLabel('Billing reference (optional)')).toHaveValue('PO 4711')
  await expectAccessible(page)
  const success = await as('success')
  await success.goto(`/tenants/${tenant.slug}/billing`)
  await expect(success.getByRole('region', { name: 'Billed under' })).toContainText('PO 4711')
  await expect(success.getByRole('button', { name: 'Save reference' })).toHaveCount(0)
})

test('others read it: a tenant’s admin does not see who looks after it', async ({ as, tenant }) => {
  const success = await as('success')
  await success.goto(`/tenants/${tenant.slug}/details`)
  await expect(success.getByRole('region', { name: 'On record' })).toContainText('Owner')
  await expect(success.getByRole('button', { name: 'Save details' })).toHaveCount(0)
  const admin = await as('tenant_admin')
  const own = credentials('tenant_admin').tenant
  await admin.goto(`/tenants/${own}`)
  await admin.getByRole('region', { name: 'Key facts' }).getByRole('link', { name: 'Details' }).click()
  const record = admin.getByRole('region', { name: 'On record' })
  await expect(record).toContainText('Domain')
  await expect(record).not.toContainText('Owner')
  await expect(admin.getByRole('button', { name: 'Save details' })).toHaveCount(0)
  await expectAccessible(admin)
  expect((await admin.goto(`/tenants/${tenant.slug}/details`))?.status()).toBe(404)
})
