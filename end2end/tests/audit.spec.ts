/** The audit log: filters with visible labels, one trail of crumbs, entries with before and after, the log as a file (R134). */
import { credentials, expect, test } from '../fixtures/index.ts'

test('filters have labels, also on a phone, and stand in the address', async ({ as }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/audit')
  const bar = page.getByRole('search', { name: 'Audit log' })
  const lefts = new Set<number>()
  for (const label of ['Actor', 'Action', 'Result', 'From', 'Until', 'Tenant', 'Request id']) {
    await expect(bar.getByText(label, { exact: true })).toBeVisible()
    // The words of a select stand in its label as well, so it is found by the label's own.
    const field = bar.locator('label').filter({ has: page.getByText(label, { exact: true }) })
    const box = await field.locator('input, select').boundingBox()
    lefts.add(Math.round(box?.x ?? -1))
  }
  expect(lefts.size, 'two columns').toBe(2)
  await bar.getByLabel('Result').selectOption('Denied')
  await bar.getByRole('button', { name: 'Apply' }).click()
  await expect(page).toHaveURL(/[?&]result=denied/)
})

test('an entry has one trail of crumbs and leads back to its log', async ({ as }) => {
  const page = await as('operator')
  const slug = credentials('tenant_admin').tenant
  await page.goto(`/tenants/${slug}/audit`)
  await page.getByRole('table', { name: 'Audit log' }).getByRole('rowheader').getByRole('link').first().click()
  await expect(page.getByRole('navigation', { name: 'Breadcrumb' })).toHaveCount(1)
  await page.getByRole('main').getByRole('link', { name: /^Audit log of/ }).click()
  await expect(page).toHaveURL(`/tenants/${slug}/audit`)
})

test('the log leaves as a file, and that it did stands in the log', async ({ as }) => {
  const page = await as('operator')
  const slug = credentials('tenant_admin').tenant
  const file = await page.request.get(`/tenants/${slug}/audit.csv?group=member`)
  expect(file.status()).toBe(200)
  expect(file.headers()['content-type']).toContain('text/csv')
  const lines = (await file.text()).trim().split('\n')
  expect(lines[0]?.trim()).toBe('seq,at,tenant,actor,actor_kind,action,target,result,reason,request')
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines.slice(1)) expect(line).toContain(',member.')
  await page.goto(`/tenants/${slug}/audit?group=audit`)
  await expect(page.getByRole('row').filter({ hasText: 'audit.export' }).first()).toBeVisible()
})
