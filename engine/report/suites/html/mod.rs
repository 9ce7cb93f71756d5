pub struct TestHtml;
