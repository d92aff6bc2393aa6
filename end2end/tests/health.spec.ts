/** Health: a score that can be explained, of one tenant and of the fleet (R88). */
import { credentials, expect, test } from '../fixtures/index.ts'

test('a score is the sum of its dimensions, and computing it anew leaves a line', async ({ as }) => {
  const page = await as('operator')
  const own = `/tenants/${credentials('tenant_admin').tenant}`
  await page.goto(`${own}/health`)
  const rows = page.getByRole('table', { name: 'Dimensions of the score' }).getByRole('row')
  await expect(rows).toHaveCount(7)
  const points = (await page.getByRole('cell').filter({ hasText: /^\d+\.\d$/ }).allTextContents()).map(Number)
  const score = Number(await page.getByRole('region', { name: 'Score', exact: true }).locator('.c-score__number').textContent())
  expect(Math.abs(points.reduce((sum, each) => sum + each, 0) - score)).toBeLessThanOrEqual(1)
  await page.getByRole('button', { name: 'Compute now' }).click()
  await expect(page.getByRole('status').filter({ hasText: /score|computed/i }).first()).toBeVisible()
  await page.goto(`${own}/audit?group=health`)
  await expect(page.getByRole('row').filter({ hasText: 'health.' }).first()).toBeVisible()
})

test('a band’s number leads to exactly its tenants', async ({ as }) => {
  const page = await as('success')
  await page.goto('/health')
  const row = page.getByRole('table', { name: 'Tenants by health band' }).getByRole('row').filter({ hasText: 'At risk' })
  const count = await row.getByRole('cell').first().textContent()
  const link = row.getByRole('link', { name: 'At risk' })
  const box = await link.boundingBox()
  expect(box?.height).toBeGreaterThanOrEqual(24)
  await link.click()
  await expect(page.getByRole('main').getByRole('status').filter({ hasText: /match/ })).toContainText(`${count} match`)
})

test('the chart of a score is marked at its bands on a phone as well', async ({ as }) => {
  const page = await as('success')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`/tenants/${credentials('tenant_admin').tenant}/health`)
  const texts = await page.locator('svg:visible text').allTextContents()
  for (const tick of ['0', '25', '50', '75', '100']) expect(texts).toContain(tick)
})
