/** The audit log: filters with visible labels, one trail of crumbs, entries with before and after, the log as a file (R134). */
import { credentials, expect, test } from '../fixtures/index.ts'

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
