/** Signing in and out, and what each role finds: accounts are one place, permissions another. */
import { credentials, expect, expectAccessible, signIn, test, unique } from '../fixtures/index.ts'

const account = (page: import('@playwright/test').Page) => page.getByRole('banner').getByLabel(/^Account: /)

test('a wrong password keeps the e-mail and says no more than needed', async ({ page }) => {
  // Nobody’s address: failures are counted, and must not lock out the other tests.
  const email = `${unique()}@example.com`
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(page.getByLabel('E-mail')).toHaveValue(email)
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('')
  await expect(page.getByRole('alert')).not.toContainText(/unknown|no account|does not exist/i)
})

test('whoever is not signed in is asked to, and then led on', async ({ page }) => {
  const { email, password } = credentials('success')
  await page.goto('/tenants?status=trial&sort=-name')
  await expect(page).toHaveURL(/^[^?]*\/sign-in\?next=/)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL('/tenants?status=trial&sort=-name')
})

test('signing out ends the session, also for a tab that is still open', async ({ page, context }) => {
  await signIn(page, 'operator')
  const other = await context.newPage()
  await other.goto('/tenants')
  await account(page).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  await other.reload()
  await expect(other.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  // What was on the screen does not come back.
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
})

test('customer success begins at health and cannot suspend', async ({ as, tenant }) => {
  const page = await as('success')
  await page.goto('/')
  await expect(page).toHaveURL('/health')
  await page.goto(`/tenants/${tenant.slug}`)
  await expect(page.getByRole('heading', { level: 1, name: tenant.name })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Suspend…', includeHidden: true })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Start offboarding…', includeHidden: true })).toHaveCount(0)
  for (const path of [`/tenants/${tenant.slug}/suspend`, '/tenants/new', '/tenants/import']) {
    const response = await page.goto(path)
    expect(response?.status(), path).toBe(403)
    await expect(page.getByRole('heading', { level: 1, name: 'Not allowed' })).toBeVisible()
  }
})

test('a tenant’s admin sees their own tenant and no other', async ({ as, tenant }) => {
  const page = await as('tenant_admin')
  const own = credentials('tenant_admin').tenant
  await page.goto('/')
  await expect(page).toHaveURL(`/tenants/${own}`)
  const main = page.getByRole('navigation', { name: 'Main' })
  await expect(main.getByRole('link', { name: 'Tenants', exact: true })).toHaveCount(0)

  for (const section of ['', '/tasks', '/usage', '/health', '/audit', '/api-keys', '/onboarding', '/offboarding', '/suspend', '/plan']) {
    const response = await page.goto(`/tenants/${tenant.slug}${section}`)
    // As if it were not there.
    expect(response?.status(), section).toBe(404)
    await expect(page.getByText(tenant.name)).toHaveCount(0)
  }
  for (const path of ['/tenants', '/overview', '/health', '/usage', '/audit', '/tenants/export.csv']) {
    const response = await page.request.get(path)
    expect([403, 404], path).toContain(response.status())
    expect(await response.text(), path).not.toContain(tenant.slug)
  }
  // The search knows nothing of others either.
  await page.goto(`/search?q=${tenant.slug}`)
  await expect(page.getByText('Nothing found')).toBeVisible()
  const fleet = await page.goto('/search')
  expect(fleet?.status()).toBe(200)
  await expect(page.getByRole('main').getByRole('link', { name: 'New tenant' })).toHaveCount(0)
})

for (const script of [true, false]) {
  test.describe(script ? 'an invitation, with a script' : 'an invitation, without a script', () => {
    test.use({ javaScriptEnabled: script })

    test('it is withdrawn after a confirmation, and the same person can be invited again', async ({ as, tenant }) => {
      const page = await as('operator')
      const email = `${unique()}@example.com`
      const row = page.getByRole('row', { name: /Nia Novak/ })
      const invite = async () => {
        await page.goto(`/tenants/${tenant.slug}/users`)
        await page.getByLabel('E-mail').fill(email)
        await page.getByLabel('Name', { exact: true }).fill('Nia Novak')
        await page.getByRole('button', { name: 'Invite', exact: true }).click()
        await expect(row).toContainText('Invited')
      }
      await invite()
      await row.getByRole('link', { name: 'Withdraw… the invitation of Nia Novak' }).click()
      await expect(page).toHaveURL(/\/users\/[0-9a-f-]{36}\/withdraw$/)
      await expect(page.getByText(email)).toBeVisible()
      if (script) await expectAccessible(page)
      const address = page.url()
      // Cancel changes nothing.
      await page.getByRole('link', { name: 'Cancel' }).click()
      await expect(row).toContainText('Invited')
      await page.goto(address)
      await page.getByRole('button', { name: 'Withdraw invitation' }).click()
      await expect(page.getByRole('status').filter({ hasText: 'The invitation of Nia Novak is withdrawn.' })).toBeVisible()
      await expect(row).toHaveCount(0)
      expect((await page.goto(address))?.status()).toBe(404)
      await invite()
    })
  })
}

test('who is told that an address is somebody’s elsewhere stands in the audit log with it', async ({ as }) => {
  const page = await as('tenant_admin')
  const own = credentials('tenant_admin').tenant
  const elsewhere = credentials('operator').email
  await page.goto(`/tenants/${own}/users`)
  await page.getByLabel('E-mail').fill(elsewhere)
  await page.getByLabel('Name', { exact: true }).fill('Guessed')
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(page.getByText('This address cannot be invited here.').first()).toBeVisible()
  await expect(page.getByLabel('E-mail')).toHaveValue(elsewhere)
  const operator = await as('operator')
  await operator.goto(`/tenants/${own}/audit?group=member`)
  await expect(operator.getByRole('row').filter({ hasText: 'member.invite_refused' }).filter({ hasText: elsewhere }).first()).toBeVisible()
})
