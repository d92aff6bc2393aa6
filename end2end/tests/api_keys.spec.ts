/** API keys: shown once, named, revoked with a reason; a tenant’s admin keeps their own. */
import { createKey, expect, test } from '../fixtures/index.ts'

test('a key without a name is refused with what was chosen still there', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/api-keys`)
  await page.getByRole('radio', { name: 'Read and write' }).check()
  await page.getByRole('button', { name: 'Make key' }).click()
  await expect(page.getByRole('alert')).toContainText('There is a problem')
  await expect(page.getByRole('radio', { name: 'Read and write' })).toBeChecked()
})

test('revoking asks, says what follows, and is the end of the key', async ({ as, api, tenant }) => {
  const page = await as('operator')
  const key = await createKey(page, tenant.slug, 'Read-only', 'Nightly report')
  expect((await api(key).get('/tenant')).status()).toBe(200)
  await page.goto(`/tenants/${tenant.slug}/api-keys`)
  await page.getByRole('row', { name: /^Nightly report/ }).getByRole('link', { name: /Revoke/ }).click()
  await page.getByLabel('Reason').fill('Replaced by another.')
  await page.getByRole('button', { name: /Revoke/ }).click()
  expect((await api(key).get('/tenant')).status()).toBe(401)
  await page.goto(`/tenants/${tenant.slug}/audit?group=api_key`)
  await expect(page.getByRole('row').filter({ hasText: 'api_key.revoke' }).first()).toContainText('Replaced by another.')
})
