/** Fields: what conversations are described by, who writes it, how much of it is filled (R34). */
import { credentials, expect, test } from '../fixtures/index.ts'

test('every field says what it is and leads to what writes it', async ({ as }) => {
  const page = await as('operator')
  const slug = credentials('tenant_admin').tenant
  await page.goto(`/tenants/${slug}/fields`)
  const tables = page.getByRole('table', { name: /^Fields: / })
  expect(await tables.count()).toBeGreaterThan(1)
  const sentiment = page.getByRole('row').filter({ has: page.getByText('sentiment', { exact: true }) }).first()
  await expect(sentiment).toContainText('positive')
  await sentiment.getByRole('link', { name: 'Sentiment classification' }).click()
  await expect(page).toHaveURL(`/tenants/${slug}/tasks/sentiment`)
})

test('a tenant without conversations has fields, and no share of nothing', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/fields`)
  await expect(page.getByText('No conversation has come in yet, so nothing is filled.')).toBeVisible()
  await expect(page.getByRole('cell', { name: /%/ })).toHaveCount(0)
})
