/** Platform keys: an owner makes one, sees it once, a program works with it over all tenants, and revoked it is over. */
import { expect, expectAccessible, test, unique } from '../fixtures/index.ts'

for (const script of [true, false]) {
  test.describe(script ? 'a platform key, with a script' : 'a platform key, without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('it is made, shown once, used and revoked', async ({ as, api }) => {
      const page = await as('owner')
      const name = `Billing ${unique()}`
      const row = page.getByRole('table', { name: 'Platform keys' }).getByRole('row', { name: new RegExp(`^${name}`) })
      let key = ''

      await test.step('without a name it is refused, and what was chosen stays', async () => {
        await page.goto('/settings')
        await page.getByRole('navigation', { name: 'Parts of the settings' }).getByRole('link', { name: 'Platform keys' }).click()
        await expect(page.getByRole('heading', { level: 1, name: 'Platform keys' })).toBeVisible()
        await page.getByRole('radio', { name: /^Operator/ }).check()
        await page.getByLabel('Ends after').fill('400')
        await page.getByRole('button', { name: 'Make key' }).click()
        await expect(page.getByRole('alert').filter({ hasText: /problem/ })).toBeVisible()
        await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true')
        await expect(page.getByLabel('Ends after')).toHaveAttribute('aria-invalid', 'true')
        await expect(page.getByRole('radio', { name: /^Operator/ })).toBeChecked()
        if (script) await expectAccessible(page)
      })

      await test.step('made it is shown, this once', async () => {
        await page.getByLabel('Name', { exact: true }).fill(name)
        await page.getByLabel('Ends after').fill('30')
        await page.getByRole('button', { name: 'Make key' }).click()
        key = (await page.getByRole('alert').getByText(/^stw_platform_/).textContent()) ?? ''
        expect(key).toMatch(/^stw_platform_/)
        await expect(row).toContainText('Operator')
        await expect(row).toContainText('Active')
        if (script) await expectAccessible(page)
        await page.goto('/settings/keys')
        await expect(row).toBeVisible()
        expect(await page.content()).not.toContain(key)
      })

      await test.step('a program works with it, and the list says so', async () => {
        expect((await api(key).get('/tenants')).status()).toBe(200)
        expect((await api(`${key}0`).get('/tenants')).status()).toBe(401)
        await page.reload()
        await expect(row.locator('td[data-label="Last used"] time')).toBeVisible()
      })

      await test.step('revoking asks for a reason, and is the end of it', async () => {
        await row.getByRole('link', { name: /^Revoke/ }).click()
        await expect(page.getByRole('heading', { level: 1, name: `Revoke ${name}` })).toBeVisible()
        if (script) await expectAccessible(page)
        await page.getByRole('button', { name: 'Revoke key' }).click()
        await expect(page.getByLabel('Reason')).toHaveAttribute('aria-invalid', 'true')
        expect((await api(key).get('/tenants')).status()).toBe(200)
        await page.getByLabel('Reason').fill('The billing system has another one.')
        await page.getByRole('button', { name: 'Revoke key' }).click()
        await expect(page.getByRole('status').filter({ hasText: `The key “${name}” is revoked.` })).toBeVisible()
        await expect(row).toContainText('Revoked')
        await expect(row.getByRole('link', { name: /^Revoke/ })).toHaveCount(0)
        expect((await api(key).get('/tenants')).status()).toBe(401)
        await page.goto('/audit?group=platform_key')
        const line = page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'platform_key.revoke' })
        await expect(line).toContainText('The billing system has another one.')
      })
    })
  })
}

test('operators see the keys and make none; customer success does not see them', async ({ as }) => {
  const operator = await as('operator')
  expect((await operator.goto('/settings/keys'))?.status()).toBe(200)
  await expect(operator.getByRole('heading', { level: 1, name: 'Platform keys' })).toBeVisible()
  await expect(operator.getByText('Owners make and revoke these keys')).toBeVisible()
  await expect(operator.getByRole('button', { name: 'Make key' })).toHaveCount(0)
  await expect(operator.getByRole('main').getByRole('link', { name: /^Revoke/ })).toHaveCount(0)

  const success = await as('success')
  expect((await success.goto('/settings/keys'))?.status()).toBe(403)
  await success.goto('/settings')
  const parts = success.getByRole('navigation', { name: 'Parts of the settings' })
  await expect(parts.getByRole('link', { name: 'Lifecycle rules' })).toBeVisible()
  await expect(parts.getByRole('link', { name: 'Platform keys' })).toHaveCount(0)
})
