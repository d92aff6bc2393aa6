/** Isolation is verified, and the evidence can be read: of one tenant, and of the fleet (R127). */
import { credentials, expect, expectAccessible, test } from '../fixtures/index.ts'

for (const script of [true, false]) {
  test.describe(script ? 'with a script' : 'without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('what is verified now leaves evidence that can be opened', async ({ as, tenant }) => {
      const page = await as('operator')
      await page.goto(`/tenants/${tenant.slug}`)
      await page.getByRole('region', { name: 'Isolation', exact: true }).getByRole('link', { name: 'Isolation evidence' }).click()
      await expect(page).toHaveURL(`/tenants/${tenant.slug}/isolation`)
      const current = page.getByRole('navigation', { name: 'Tenant sections' }).getByRole('link', { name: 'Isolation' })
      await expect(current).toHaveAttribute('aria-current', 'page')

      await page.getByRole('button', { name: 'Verify now' }).click()
      await expect(page.getByRole('status').filter({ hasText: /is isolated: all \d+ attempts/ })).toBeVisible()
      await expect(page.getByRole('region', { name: 'Newest result' })).toContainText('Verified')
      const runs = page.getByRole('table', { name: 'Runs of the probe' })
      await expect(runs.getByRole('row').filter({ hasText: 'By hand' })).toHaveCount(1)

      await runs.getByRole('row').filter({ hasText: 'By hand' }).getByRole('link').click()
      await expect(page).toHaveURL(new RegExp(`/tenants/${tenant.slug}/isolation/[0-9a-f-]{36}$`))
      const attempts = page.getByRole('table', { name: 'Attempts' })
      await expect(attempts.getByRole('row').filter({ hasText: 'switching off its policies' })).toContainText('42501')
      await expect(attempts.getByRole('row').filter({ hasText: 'positive control' })).not.toHaveCount(0)
      await expect(attempts.getByText('Not as it must')).toHaveCount(0)

      await page.goto(`/tenants/${tenant.slug}/audit`)
      await expect(page.getByRole('row').filter({ hasText: 'isolation.verify' })).toHaveCount(1)
    })
  })
}

test('the evidence can be read by everybody’s means, also on a phone', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`/tenants/${tenant.slug}/isolation`)
  await page.getByRole('button', { name: 'Verify now' }).click()
  await expect(page.getByRole('table', { name: 'Runs of the probe' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('table', { name: 'Runs of the probe' }).getByRole('link').first().click()
  await expect(page.getByRole('table', { name: 'Attempts' })).toBeVisible()
  await expectAccessible(page)
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(wider, 'nothing stands out at the side').toBeLessThanOrEqual(0)
})

test('the fleet’s page is reached from the operations and names who was never verified', async ({ as }) => {
  const page = await as('operator')
  await page.goto('/operations')
  await page.getByRole('main').getByRole('link', { name: 'Isolation', exact: true }).click()
  await expect(page).toHaveURL('/isolation')
  await expect(page.getByRole('heading', { level: 1, name: 'Isolation' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Catalogue of the database' })).toContainText('Nothing found')
  await expect(page.getByText('server isolation verify --json')).toBeVisible()

  // The schedule works meanwhile: there may be nobody left.
  await page.getByRole('main').getByRole('link', { name: 'Never verified' }).click()
  await expect(page).toHaveURL('/isolation?standing=never')
  const attention = page.getByRole('region', { name: 'Tenants that need attention' })
  await expect(attention).toContainText('Standing: Never verified')
  const never = attention.getByRole('table', { name: 'Tenants by standing' })
  await expect(never.or(attention.getByText('No tenant in service stands like this.'))).toBeVisible()
  await expect(attention.getByText('Not proven')).toHaveCount(0)
})

test('a tenant’s admin reads the evidence of their own tenant, and verifies nothing', async ({ as }) => {
  const page = await as('tenant_admin')
  expect((await page.goto('/isolation'))?.status()).toBe(403)
  const own = credentials('tenant_admin').tenant
  expect((await page.goto(`/tenants/${own}/isolation`))?.status()).toBe(200)
  await expect(page.getByRole('button', { name: 'Verify now' })).toHaveCount(0)
  const missing = await page.goto(`/tenants/${own}/isolation/00000000-0000-0000-0000-000000000404`)
  expect(missing?.status()).toBe(404)

  // Customer success reads the tenants and not the platform's log: neither the fleet's page nor the link to it.
  const success = await as('success')
  expect((await success.goto('/isolation'))?.status()).toBe(403)
  await success.goto('/operations')
  await expect(success.getByRole('main').getByRole('link', { name: 'Isolation', exact: true })).toHaveCount(0)
})
