package server_test

// Who may do what. One line for each route and for each event; two where it
// matters whose the thing is. A route or event without a line fails
// TestEveryRouteAndEventHasALine, which names it: add the line here.
//
// A line is: what is asked, what each caller gets, and the body. The callers
// stand in the order of the head line:
//
//	nobody    has no token
//	expired   has a token whose time has run out
//	disabled  had an account, and was a member
//	stranger  is signed in, and in none of it
//	admin     is an operator, and in none of it: conversations are not theirs
//	viewer    reads the conversation
//	member    writes in it; asked the question
//	owner     began it
//
// Names in braces are things of the conversation that each cell gets afresh:
// {room}, {question} (of the member), {answer} (to it), {upload} (the owner's,
// shown by a message), {draft} (an upload that none shows yet), {trade} (the owner's), {viewer} (the viewer's id), {session}
// (somebody else's), {mine} (a session of the caller), {token} (the caller's),
// {name} (the caller's username), {person} (the id of somebody else), {none}
// (the id of nothing), {tier}, {profile}, {new} (a name that nobody has), {guest}
// (somebody to invite).
//
// Operator tokens have a table of their own, in server/rest/operators_test.go.
//
// 400 and 415 say that the caller was let in and the body, which is short here,
// was not; 404 of an admin that there is no such thing.
const routeTable = `
nobody expired disabled stranger admin viewer member owner

POST /api/auth/register                              201 201 201 201 201 201 201 201  {"email":"{new}@example.org","username":"{new}","password":"Correct-Horse-9"}
POST /api/auth/login                                 401 200 403 200 200 200 200 200  {"identifier":"{name}","password":"Correct-Horse-9"}
POST /api/auth/refresh                               401 401 403 200 200 200 200 200
POST /api/auth/logout                                401 401 403 200 200 200 200 200
GET /api/auth/me                                     401 401 403 200 200 200 200 200
GET /api/auth/me/export                              401 401 403 200 200 200 200 200
PATCH /api/auth/me                                   401 401 403 200 200 200 200 200  {"displayName":"x"}
DELETE /api/auth/me                                  401 401 403 200 200 200 200 200  {"password":"Correct-Horse-9"}
POST /api/auth/password                              401 401 403 200 200 200 200 200  {"currentPassword":"Correct-Horse-9","newPassword":"Other-Horse-10"}
POST /api/auth/reset                                 401 401 401 401 401 401 401 401  {"code":"nobody's","newPassword":"Other-Horse-10"}
GET /api/auth/sessions                               401 401 403 200 200 200 200 200
DELETE /api/auth/sessions/{session}                  401 401 403 404 404 404 404 404
DELETE /api/auth/sessions/{mine}                     401 401 403 200 200 200 200 200
GET /api/limits                                      401 401 403 200 200 200 200 200

POST /api/conversations                              401 401 403 201 201 201 201 201  {}
GET /api/conversations                               401 401 403 200 200 200 200 200
GET /api/conversations/{room}                        401 401 403 404 404 200 200 200
PATCH /api/conversations/{room}                      401 401 403 404 404 403 403 200  {"title":"x"}
DELETE /api/conversations/{room}                     401 401 403 404 404 403 403 200
POST /api/conversations/{room}/archive               401 401 403 404 404 403 403 200
POST /api/conversations/{room}/unarchive             401 401 403 404 404 403 403 200
GET /api/conversations/{room}/members                401 401 403 404 404 200 200 200
POST /api/conversations/{room}/members               401 401 403 404 404 403 403 201  {"identifier":"{guest}","role":"viewer"}
DELETE /api/conversations/{room}/members/{viewer}    401 401 403 404 404 200 403 200
GET /api/conversations/{room}/messages               401 401 403 404 404 200 200 200
GET /api/conversations/{room}/export?format=csv      401 401 403 404 404 200 200 200

GET /api/messages?conversationId={room}              401 401 403 404 404 200 200 200
GET /api/messages/search?q=plan&conversationId={room} 401 401 403 404 404 200 200 200
GET /api/messages/search?q=plan                      401 401 403 200 200 200 200 200
POST /api/messages                                   401 401 403 404 404 403 201 201  {"conversationId":"{room}","content":"x"}
GET /api/messages/{question}                         401 401 403 404 404 200 200 200
PATCH /api/messages/{question}                       401 401 403 404 404 403 200 403  {"content":"x"}
DELETE /api/messages/{question}                      401 401 403 404 404 403 200 403
POST /api/messages/{answer}/stop                     401 401 403 404 404 403 200 200
POST /api/messages/{answer}/regenerate               401 401 403 404 404 403 201 201
GET /api/messages/{answer}/stream                    401 401 403 404 404 200 200 200

POST /api/uploads                                    401 401 403 415 415 415 415 415  {}
GET /api/uploads/{draft}                             401 401 403 404 404 404 404 200
GET /api/uploads/{upload}                            401 401 403 404 404 200 200 200
GET /api/uploads/{upload}/file                       401 401 403 404 404 200 200 200
DELETE /api/uploads/{draft}                          401 401 403 404 404 404 404 200
DELETE /api/uploads/{upload}                         401 401 403 404 404 404 404 200

POST /api/analyze-trade                              401 401 403 400 400 400 400 400  {}

GET /api/plan                                        401 401 403 200 200 200 200 200
PUT /api/plan                                        401 401 403 200 200 200 200 200  {}
POST /api/tools/risk-reward                          401 401 403 400 400 400 400 400  {}
POST /api/tools/position-size                        401 401 403 400 400 400 400 400  {}
POST /api/tools/evaluate-idea                        401 401 403 400 400 400 400 400  {}
POST /api/tools/trade-pnl                            401 401 403 400 400 400 400 400  {}
POST /api/tools/session-state                        401 401 403 200 200 200 200 200  {}
POST /api/tools/query-stats                          401 401 403 200 200 200 200 200  {}
GET /api/trades                                      401 401 403 200 200 200 200 200
POST /api/trades                                     401 401 403 400 400 400 400 400  {}
POST /api/trades/import                              401 401 403 415 415 415 415 415  {}
GET /api/trades/export                               401 401 403 200 200 200 200 200
GET /api/trades/{trade}                              401 401 403 404 404 404 404 200
PATCH /api/trades/{trade}                            401 401 403 404 404 404 404 200  {"note":"x"}
DELETE /api/trades/{trade}                           401 401 403 404 404 404 404 200
GET /api/stats                                       401 401 403 200 200 200 200 200
GET /api/calibration                                 401 401 403 200 200 200 200 200

GET /api/admin/snapshot                              401 401 403 403 200 403 403 403
GET /api/admin/events                                401 401 403 403 200 403 403 403
GET /api/admin/connections                           401 401 403 403 200 403 403 403
GET /api/admin/connections/{none}                    401 401 403 403 404 403 403 403
DELETE /api/admin/connections/{none}                 401 401 403 403 404 403 403 403
GET /api/admin/rooms                                 401 401 403 403 200 403 403 403
GET /api/admin/rooms/{room}                          401 401 403 403 404 403 403 403
GET /api/admin/answers                               401 401 403 403 200 403 403 403
POST /api/admin/answers/{answer}/stop                401 401 403 403 404 403 403 403
GET /api/admin/users                                 401 401 403 403 200 403 403 403
POST /api/admin/users                                401 401 403 403 400 403 403 403  {}
GET /api/admin/users/{person}                        401 401 403 403 200 403 403 403
PATCH /api/admin/users/{person}                      401 401 403 403 200 403 403 403  {"tier":"premium"}
DELETE /api/admin/users/{person}                     401 401 403 403 200 403 403 403
POST /api/admin/users/{person}/sign-out              401 401 403 403 200 403 403 403
POST /api/admin/users/{person}/disable               401 401 403 403 200 403 403 403
POST /api/admin/users/{person}/enable                401 401 403 403 200 403 403 403
POST /api/admin/test-users                           401 401 403 403 400 403 403 403  {}
DELETE /api/admin/test-users/{none}                  401 401 403 403 400 403 403 403
GET /api/admin/tiers                                 401 401 403 403 200 403 403 403
PATCH /api/admin/tiers/{tier}                        401 401 403 403 400 403 403 403  {}
GET /api/admin/limits                                401 401 403 403 200 403 403 403
POST /api/admin/limits/lift                          401 401 403 403 400 403 403 403  {}
GET /api/admin/audit                                 401 401 403 403 200 403 403 403
POST /api/admin/notices                              401 401 403 403 400 403 403 403  {}
GET /api/admin/tokens                                401 401 403 403 200 403 403 403
POST /api/admin/tokens                               401 401 403 403 400 403 403 403  {}
DELETE /api/admin/tokens/{none}                      401 401 403 403 404 403 403 403
GET /metrics                                         401 401 403 403 200 403 403 403
GET /debug/pprof/{profile}                           401 401 403 403 200 403 403 403
POST /api/admin/drain                                401 401 403 403 200 403 403 403

GET /health                                          200 200 200 200 200 200 200 200
GET /api/health                                      200 200 200 200 200 200 200 200
GET /api/health/live                                 200 200 200 200 200 200 200 200
GET /api/health/ready                                200 200 200 200 200 200 200 200
GET /api/health/db                                   200 200 200 200 200 200 200 200
GET /api/health/websocket                            200 200 200 200 200 200 200 200
GET /api/health/ai                                   200 200 200 200 200 200 200 200
GET /api/health/uploads                              200 200 200 200 200 200 200 200
`

// Nobody, an expired and a disabled one get no socket, so an event of theirs
// ends at the handshake, with that code.
const eventTable = `
nobody expired disabled stranger admin viewer member owner

send_message        TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     FORBIDDEN ok        ok         {"conversationId":"{room}","content":"x"}
edit_message        TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     FORBIDDEN ok        FORBIDDEN  {"messageId":"{question}","content":"x"}
delete_message      TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     FORBIDDEN ok        FORBIDDEN  {"messageId":"{question}"}
join_conversation   TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}"}
leave_conversation  TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED ok            ok            ok        ok        ok         {"conversationId":"{room}"}
typing_start        TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}"}
typing_stop         TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}"}
typing              TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}","isTyping":true}
update_status       TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED ok            ok            ok        ok        ok         {"status":"busy"}
get_online_users    TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}"}
get_online_users    TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED ok            ok            ok        ok        ok         {}
stop_ai             TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     FORBIDDEN ok        ok         {"messageId":"{answer}"}
regenerate          TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     FORBIDDEN ok        ok         {"messageId":"{answer}"}
sync                TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversations":[{"id":"{room}","afterRev":0}]}
mark_read           TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED NOT_FOUND     NOT_FOUND     ok        ok        ok         {"conversationId":"{room}","seq":1}
refresh_auth        TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED ok            ok            ok        ok        ok         {"token":"{token}"}
ping                TOKEN_MISSING TOKEN_EXPIRED ACCOUNT_DISABLED ok            ok            ok        ok        ok         {"success":true}
`
