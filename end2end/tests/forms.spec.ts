/** Forms that go wrong: nothing that was typed is lost, and no failure is silent (F2, A14). */
import { credentials, expect, signIn, test } from '../fixtures/index.ts'

test('a session that ends in the middle of a form costs nothing that was typed', async ({ page, context, as, tenant }) => {
  const { email, password } = credentials('operator')
  await signIn(page, 'operator')
  await page.goto(`/tenants/${tenant.slug}/suspend`)
  await page.getByRole('radio', { name: 'Inactivity' }).check()
  await page.getByRole('radio', { name: 'Read-only' }).check()
  await page.getByLabel('Reason').fill('A long story.\nTold in two lines.')
  await page.getByLabel('Message to the tenant (optional)').fill('We have not heard from you.')
  await context.clearCookies()
  await page.getByRole('button', { name: 'Suspend tenant' }).click()

  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  await expect(page.getByText('What you entered is kept')).toBeVisible()
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()

  await expect(page.getByRole('alert')).toContainText('Not sent yet')
  await expect(page.getByLabel('Reason')).toHaveValue(/^A long story\.\s+Told in two lines\.$/)
  await expect(page.getByRole('radio', { name: 'Inactivity' })).toBeChecked()
  const other = await as('operator')
  await other.goto(`/tenants/${tenant.slug}`)
  await expect(other.getByText('Suspended, read-only')).toHaveCount(0)
  await page.getByRole('button', { name: 'Suspend tenant' }).click()
  await expect(page.getByText('Suspended, read-only')).toBeVisible()
  await expect(page.getByText('We have not heard from you.')).toBeVisible()
})

test('a switch that fails says so', async ({ as, tenant }) => {
  const page = await as('operator')
  await page.goto(`/tenants/${tenant.slug}/tasks?state=all`)
  // A task that is gone by the time the switch is used.
  await page.locator('input[name="key"]').first().evaluate((input: HTMLInputElement) => {
    input.value = 'gone'
  })
  await page.getByRole('switch').first().click()
  await expect(page.getByRole('alert')).toContainText('Not found')
  await expect(page.getByRole('switch')).toHaveCount(4)
})
