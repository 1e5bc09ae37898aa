//! A route takes whatever axum can extract and returns whatever it can send, or it would be less than axum.

use axum::extract::{Query, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use bristle::prelude::*;

#[derive(serde::Deserialize, serde::Serialize)]
struct Page {
    number: u32,
}

#[route(GET, "/none")]
async fn none() {}

#[route(PUT, "/text")]
async fn body_only(body: String) -> String {
    body
}

#[route(POST, "/json/{name}")]
async fn parts_and_body(Path(name): Path<String>, headers: HeaderMap, Json(page): Json<Page>) -> Json<Page> {
    drop((name, headers));
    Json(page)
}

#[route(DELETE, "/page")]
async fn parts_only(query: Query<Page>, path: Option<axum::extract::Path<String>>) -> Result<StatusCode, (StatusCode, String)> {
    drop((query, path));
    Err((StatusCode::GONE, "gone".to_owned()))
}

#[route(PATCH, "/request")]
#[route(HEAD, "/request")]
#[route(OPTIONS, "/request")]
async fn whole_request(value: Query<Page>, request: Request) -> impl IntoResponse {
    drop((value, request));
    "done"
}

fn main() {}
