/** Who may sign in to the platform, and one’s own sessions. */
import { credentials, expect, signIn, test } from '../fixtures/index.ts'

test('the people of the platform are the owners’ business', async ({ as }) => {
  const page = await as('operator')
  expect((await page.goto('/users'))?.status()).toBe(403)
  await expect(page.getByRole('heading', { level: 1, name: 'Not allowed' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Users' })).toHaveCount(0)
})

test('one sees where one is signed in, and ends it elsewhere', async ({ page, browser, baseURL }) => {
  await signIn(page, 'success')
  const context = await browser.newContext({ baseURL })
  const elsewhere = await context.newPage()
  await signIn(elsewhere, 'success')
  await elsewhere.goto('/me/sessions')
  const table = elsewhere.getByRole('table', { name: 'Your open sessions' })
  await expect(table.getByText('This one')).toHaveCount(1)
  expect(await table.getByRole('row').count()).toBeGreaterThan(2)
  // Only the newest other one: tests beside this one use sessions of the same person.
  await table.getByRole('button', { name: /^End that began/ }).first().click()
  await expect(elsewhere.getByRole('status').filter({ hasText: '1 session ended.' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  await context.close()
})

test('a tenant’s people read what is meant for them', async ({ as }) => {
  const page = await as('tenant_admin')
  await page.goto(`/tenants/${credentials('tenant_admin').tenant}`)
  await expect(page.getByText('Note for the platform')).toHaveCount(0)
})
