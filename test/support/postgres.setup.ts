process.env['WATCHWORD_TEST_DATABASE'] = 'postgres';
